//! Problems and warnings about a file: what is wrong, as the rest of a sentence that begins with the
//! place and the value, and what to do.

words! {
    // The place of a problem.
    line(line) "línea {line}" "line {line}",
    cell(address) "celda {address}" "cell {address}",
    warning(text) "advertencia: {text}" "warning: {text}",
    in_one_other_line(lines) "(y en otra línea: {lines})" "(and in 1 other line: {lines})",
    in_other_lines(count, lines)
        "(y en otras {count} líneas: {lines})" "(and in {count} other lines: {lines})",
    and_more(lines) "{lines} y más" "{lines} and more",
    one_more_problem
        "... y 1 problema más; `pagos plan --json` los muestra todos"
        "... and 1 more problem; `pagos plan --json` lists all",
    more_problems(count)
        "... y {count} problemas más; `pagos plan --json` los muestra todos"
        "... and {count} more problems; `pagos plan --json` lists all",
    one_more_warning "... y 1 advertencia más" "... and 1 more warning",
    more_warnings(count) "... y {count} advertencias más" "... and {count} more warnings",

    // The file as a whole.
    file_is_empty "el archivo está vacío" "the file is empty",
    begin_with_header(names)
        "comience con un encabezado: {names}" "begin with a header: {names}",
    file_is(kind) "el archivo es {kind}" "the file is {kind}",
    name_a_table "indique un archivo CSV o un libro .xlsx" "name a CSV file or an .xlsx workbook",
    gzip_archive "un archivo comprimido con gzip" "a gzip archive",
    pdf_document "un documento PDF" "a PDF document",
    text_document "un documento de un procesador de texto" "a document of a word processor",
    has_a_password "el libro está protegido con contraseña" "the workbook is protected by a password",
    save_without_password "guárdelo sin contraseña" "save it without the password",
    is_an_old_sheet "el archivo es una planilla antigua (.xls)" "the file is an old spreadsheet (.xls)",
    save_as_xlsx
        "guárdelo como .xlsx o como «CSV UTF-8»" "save it as .xlsx, or as \"CSV UTF-8\"",
    sheet_is_large "la planilla supera 64 MiB" "the spreadsheet is larger than 64 MiB",
    book_is_large
        "el libro supera 256 MiB al descomprimirse"
        "the workbook is larger than 256 MiB when it is unpacked",
    cells_are_many "la hoja contiene más de 512 MiB" "the sheet holds more than 512 MiB",
    export_as_csv "expórtela como «CSV UTF-8»" "export it as \"CSV UTF-8\"",
    save_as_csv "guarde el archivo como «CSV UTF-8»" "save the file as \"CSV UTF-8\"",
    is_utf32 "el archivo está en UTF-32" "the file is UTF-32",
    mixes_encodings
        "no está en UTF-8 y otras líneas sí: hay dos codificaciones mezcladas"
        "is not UTF-8, and other lines are: two encodings are mixed",
    encoding_is_unclear
        "tiene letras en una codificación que no se puede determinar con certeza, como la de un Mac \
         antiguo o de MS-DOS"
        "has letters in an encoding that cannot be told for sure, such as that of an old Mac or of MS-DOS",
    was_read_as_1252
        "el archivo no está en UTF-8 y se leyó como Windows-1252"
        "the file is not UTF-8 and was read as Windows-1252",
    look_at_accents "revise los nombres con tildes" "look at the names that have accents",
    has_no_rows "el archivo tiene encabezado y ninguna fila" "the file has a header and no rows",
    is_it_the_file
        "compruebe que es el archivo que quería pagar" "check that it is the file you meant",
    pipe_is_cut
        "la tubería termina dentro de esta línea, de modo que puede estar cortada"
        "the pipe ends within this line, so that it may have been cut off",
    is_it_the_last_row
        "compruebe que es la última fila y que está completa"
        "check that this is the last row, and whole",

    // The header and the separators.
    unknown_separator
        "la línea «sep=» indica un separador que Pagos no lee"
        "the line \"sep=\" names a separator that Pagos does not read",
    save_with_separators
        "guarde el archivo con comas, puntos y comas, tabuladores o |"
        "save the file with commas, semicolons, tabs or |",
    header_is_below(header)
        "el encabezado está en la línea {header} y no en la primera, como debajo de un título"
        "the header is in line {header} and not the first, as below a title",
    delete_above(header)
        "borre todo lo que está sobre la línea {header}" "delete everything above line {header}",
    first_row_is_no_header
        "la primera fila de la primera hoja no es un encabezado"
        "the first row of the first sheet is no header",
    row_is_no_header
        "esta fila no es un encabezado, o sus campos están separados por algo que Pagos no lee (se leen \
         comas, puntos y comas, tabuladores y |)"
        "this row is no header, or its fields are separated by something that Pagos does not read \
         (commas, semicolons, tabs and | are read)",
    begins_with_values
        "el archivo comienza con valores y no tiene encabezado"
        "the file begins with values and has no header",
    no_name_is_known
        "ninguno de los nombres del encabezado es una columna que Pagos conozca"
        "none of the names in the header is one that Pagos knows",
    is_no_column "no es una columna que Pagos conozca" "is not a column that Pagos knows",
    are_no_columns(names)
        "{names} no son columnas que Pagos conozca" "{names} are not columns that Pagos knows",
    remove_it_columns_are(names)
        "quítela; las columnas son {names}" "remove it; the columns are {names}",
    remove_them_columns_are(names)
        "quítelas; las columnas son {names}" "remove them; the columns are {names}",
    is_twice_in_header "aparece dos veces en el encabezado" "stands in the header twice",
    remove_one "quite una" "remove one",
    names_are_no_columns(count)
        "{count} nombres del encabezado no son los de las columnas"
        "{count} names in the header are not those of columns",
    write(value) "escriba {value}" "write {value}",
    write_quoted(value) "escriba {value:?}" "write {value:?}",
    name_for_name(right, wrong) "{right:?} en vez de {wrong:?}" "{right:?} for {wrong:?}",
    is_missing_in_header "falta en el encabezado" "is missing in the header",
    are_missing_in_header(names)
        "{names} faltan en el encabezado" "{names} are missing in the header",
    add_it_columns_are(names)
        "agréguela al encabezado; las columnas son {names}"
        "add it to the header; the columns are {names}",
    add_them_columns_are(names)
        "agréguelas al encabezado; las columnas son {names}"
        "add them to the header; the columns are {names}",
    a_name(because) "un nombre {because}" "a name {because}",

    // A row of text.
    has_one_field(width)
        "tiene 1 campo y el encabezado tiene {width}" "has 1 field where the header has {width}",
    has_fields(count, width)
        "tiene {count} campos y el encabezado tiene {width}"
        "has {count} fields where the header has {width}",
    quote_the_value
        "ponga entre comillas dobles el valor que contiene el separador, por ejemplo un monto con coma \
         decimal"
        "put double quotes around a value that holds the separator, such as an amount with a decimal \
         comma",
    keep_separators
        "deje vacíos los campos vacíos y conserve sus separadores"
        "leave empty fields empty, and keep their separators",
    text_behind_quote
        "tiene texto después de las comillas de cierre" "has text behind its closing quote",
    quote_inside "tiene comillas en el medio" "has a quote in the middle",
    quote_whole_value
        "ponga el valor completo entre comillas y duplique cada comilla interior, o quite las comillas"
        "put the whole value between quotes and double each quote in it, or remove the quotes",
    quote_is_never_closed
        "comienza con comillas que nunca se cierran" "begins with a quote that is never closed",
    close_it "ciérrelas" "close it",
    quote_is_unclosed(last)
        "unas comillas dobles comienzan un campo en esta fila y nunca se cierran, de modo que todo hasta \
         la línea {last} es un solo campo"
        "a double quote begins a field in this row and is never closed, so that everything up to line \
         {last} is one field",
    close_the_quote "cierre las comillas o quítelas" "close the quote, or remove it",
    row_is_too_long(bytes, fields)
        "aquí comienza una fila de más de {bytes} bytes o de más de {fields} campos, por lo que no se \
         pudo leer nada después de ella"
        "a row begins here that is longer than {bytes} bytes or has more than {fields} fields, so \
         nothing behind it could be read",
    look_for_unclosed_quote
        "busque comillas dobles sin cerrar, o compruebe que el archivo es el correcto"
        "look for a double quote that is not closed, or for a file of another kind",
    is_header_again "es otra vez el encabezado" "is the header once more",
    remove_row "quite la fila" "remove the row",
    has_no(names)
        "no tiene {names}, como un total o una nota" "has no {names}, like a total or a note",
    remove_row_or_fill_in "quite la fila o complétela" "remove the row, or fill them in",
    has_value_beside(column)
        "tiene un valor en la columna {column}, que no tiene nombre"
        "has a value in column {column}, which has no name",
    remove_value_or_name
        "quite el valor o dele un nombre a la columna" "remove the value, or give the column a name",

    // Any field.
    is_empty "está vacío" "is empty",
    fill_it_in "complételo" "fill it in",
    is_not_utf8 "no está en UTF-8" "is not UTF-8",
    was_decoded_wrongly
        "tiene una tilde mal decodificada" "has an accent that was decoded wrongly",
    open_as_utf8
        "abra el archivo como UTF-8 donde se creó y guárdelo de nuevo"
        "open the file as UTF-8 where it was made, and save it again",
    has_control_character
        "contiene un carácter de control (un salto de línea o un tabulador, por ejemplo)"
        "has a control character in it (a line break or a tab, say)",
    remove_it "quítelo" "remove it",
    has_invisible_character
        "contiene un carácter invisible" "has an invisible character in it",
    type_it_again
        "escriba el valor de nuevo en vez de pegarlo desde un documento"
        "type the value again instead of pasting it from a document",
    has_space_around "comienza o termina con un espacio" "begins or ends with a space",
    remove_space "quite el espacio" "remove the space",
    is_a_date_in_sheet
        "es una fecha o un valor lógico en la hoja" "is a date or a truth value in the sheet",
    write_as_text "escríbalo como texto" "write it as text",
    is_a_number_in_sheet
        "es un número en la hoja, de modo que pueden faltar ceros y dígitos"
        "is a number in the sheet, so zeros and digits may be lost",
    format_as_text
        "dele formato de texto a la columna y escriba el valor de nuevo"
        "format the column as text and enter the value again",

    // What spreadsheets do to numbers.
    format_and_export
        "dele formato de texto a la columna en la planilla, escriba el valor de nuevo y exporte"
        "format the column as text in the spreadsheet, enter the value again, export",
    is_scientific
        "una planilla lo convirtió a notación científica (E+) y perdió dígitos"
        "was turned into scientific notation (E+) by a spreadsheet, which lost digits",
    ends_in_decimals
        "termina en .0, así que una planilla lo leyó como número; también pueden faltar ceros a la \
         izquierda"
        "ends in .0, so a spreadsheet read it as a number; leading zeros may be lost too",
    has_thousands "tiene separadores de miles" "has thousands separators",
    has_text_marks
        "conserva las marcas de una celda de texto de la planilla (' o =\"...\")"
        "still has the marks of a spreadsheet's text cell (' or =\"...\")",
    export_without_marks
        "exporte los valores sin esas marcas" "export the values without the marks",
    is_a_cell_error
        "es el texto de un error de la planilla" "is a spreadsheet's error text",
    repair_cell "corrija la celda y exporte" "repair the cell and export",
    was_made_a_date
        "una planilla lo convirtió en fecha" "was turned into a date by a spreadsheet",
    says_no_value "dice que no hay valor" "says that there is no value",
    write_value_or_leave_empty
        "escriba el valor o deje vacío el campo" "write the value, or leave the field empty",

    // The columns.
    is_no_key
        "no son de 1 a 32 caracteres de A-Z a-z 0-9 _ -" "is not 1 to 32 of A-Z a-z 0-9 _ -",
    choose_another_key "elija otra clave" "choose another key",
    is_key_of_line(line) "también es la clave de la línea {line}" "is the key of line {line} too",
    give_own_keys "dé a cada pago una clave propia" "give every payout a key of its own",
    is_key_but_for_case(line)
        "es la clave de la línea {line}, salvo por las mayúsculas"
        "is the key of line {line} but for capital letters",
    is_it_the_same_payout
        "compruebe que no es el mismo pago" "check that it is not the same payout",
    is_no_account_configured
        "no es una cuenta configurada" "is not an account that is configured",
    write_one_of_accounts(names)
        "escriba una de las cuentas configuradas: {names}"
        "write one of the configured accounts: {names}",
    is_zero "es cero" "is zero",
    remove_row_or_write_amount
        "quite la fila o escriba el monto" "remove the row or write the amount",
    is_no_amount "no es un monto" "is not an amount",
    is_no_such_amount
        "no es un monto como 150000 o 1250.50" "is not an amount such as 150000 or 1250.50",
    has_comma "tiene una coma" "has a comma",
    has_one_decimal(currency, most)
        "tiene 1 decimal y {currency} tiene {most}" "has 1 decimal and {currency} has {most}",
    has_decimals(count, currency, most)
        "tiene {count} decimales y {currency} tiene {most}"
        "has {count} decimals and {currency} has {most}",
    round_in_sheet
        "redondéelo en la planilla, con ROUND o REDONDEAR, a lo que se debe pagar"
        "round it in the sheet, with ROUND or REDONDEAR, to what is to be paid",
    write_major_units
        "escriba unidades enteras con punto decimal y sin separador de miles, como 150000 o 1250.50"
        "write major units with a dot and no thousands separator, such as 150000 or 1250.50",
    has_full_width_digits
        "tiene dígitos de ancho completo, como los de un teclado asiático"
        "has full-width digits, as an Asian keyboard writes them",
    has_other_digits
        "tiene dígitos de otra escritura que 0 a 9" "has digits of another script than 0 to 9",
    has_sign_in_front
        "tiene delante un signo de moneda o una palabra" "has a currency sign or a word in front",
    has_two_marks
        "tiene separadores de miles y un signo decimal distinto"
        "has thousands separators and a decimal mark of another kind",
    has_decimal_comma "tiene coma decimal" "has a decimal comma",
    has_ambiguous_comma
        "tiene una coma, de miles o de decimales: no se puede saber"
        "has a comma, for thousands or for decimals: that cannot be told",
    is_no_currency "no es un código de moneda" "is not a currency code",
    write_a_currency "escriba un código como COP" "write a code such as COP",
    write_number_or_no_type
        "escriba el número, o deje vacío document_type" "write the number, or no document_type",
    write_document_type "escriba cc, ce, nit, passport ..." "write cc, ce, nit, passport ...",
    is_rut_with_zero "es un RUT con un cero a la izquierda" "is a RUT with a zero in front",
    write_without_zero "escríbalo sin el cero" "write it without the zero",
    is_no_rut
        "no es un RUT con dígito verificador correcto" "is not a RUT with a right check digit",
    compare_rut
        "compárelo con el documento; una planilla puede haber quitado un cero"
        "compare it with the document; a spreadsheet may have removed a zero",
    is_no_document
        "no son de 3 a 32 letras y dígitos" "is not 3 to 32 letters and digits",
    compare_with_document "compárelo con el documento" "compare it with the document",
    is_no_document_type "no es un tipo de documento" "is not a type of document",
    write_a_document_type
        "escriba cc, ce, ti, nit, passport, rut, dni, ruc, cpf, cnpj, curp o rfc"
        "write cc, ce, ti, nit, passport, rut, dni, ruc, cpf, cnpj, curp or rfc",
    bank_is_too_long "tiene más de 64 caracteres" "is longer than 64 characters",
    write_bank_id "escriba el código del banco" "write the bank's id",
    is_no_account_type "no es un tipo de cuenta" "is not a type of account",
    write_an_account_type
        "escriba checking, savings, sight, wallet, clabe o card"
        "write checking, savings, sight, wallet, clabe or card",
    is_a_card
        "es el número de una tarjeta y no una CLABE" "is the number of a card and not a CLABE",
    write_clabe "escriba la CLABE de la cuenta" "write the account's CLABE",
    is_a_short_clabe
        "es una CLABE con menos de 18 dígitos" "is a CLABE with less than 18 digits",
    zeros_were_removed
        "probablemente una planilla quitó ceros a la izquierda: dele formato de texto a la columna, \
         escriba el valor de nuevo y exporte"
        "a spreadsheet probably removed leading zeros: format the column as text, enter the value \
         again, export",
    is_no_clabe
        "no es una CLABE de 18 dígitos con dígito de control correcto"
        "is not a CLABE of 18 digits with a right check digit",
    compare_it "compárela" "compare it",
    is_no_account_number
        "no son de 1 a 64 letras y dígitos sin espacios"
        "is not 1 to 64 letters and digits without spaces",
    write_without_spaces "escriba el número sin espacios" "write the number without spaces",
    is_no_email "no es una dirección de correo" "is not a mail address",
    correct_or_leave_empty "corríjalo o déjelo vacío" "correct it or leave it empty",
    is_no_phone
        "no son de 6 a 15 dígitos con un + opcional delante"
        "is not 6 to 15 digits with an optional + before them",
    write_a_phone
        "escriba +573001234567, o déjelo vacío" "write +573001234567, or leave it empty",

    // Workbooks.
    first_sheet_is_hidden(name)
        "la primera hoja del libro, {name:?}, está oculta"
        "the first sheet of the workbook, {name:?}, is hidden",
    move_to_first_sheet
        "mueva la tabla a la primera hoja" "move the table to the first sheet",
    has_several_sheets(count)
        "el libro tiene {count} hojas y solo se lee una"
        "the workbook has {count} sheets, and only one is read",
    save_one_sheet
        "guarde la hoja con los movimientos en un libro aparte"
        "save the sheet with the lines as a workbook of its own",
    has_no_sheet "el libro no tiene hojas" "the workbook has no sheet",
    add_the_table "agréguele la tabla" "add the table to it",
    first_sheet_is_no_table
        "la primera hoja del libro no es una tabla" "the first sheet of the workbook is no table",
    is_no_workbook
        "el archivo es un zip o una planilla, pero no un libro .xlsx que se pueda leer"
        "the file is a zip archive or a spreadsheet, but no .xlsx workbook that can be read",
    save_as_xlsx_again
        "guárdelo otra vez como .xlsx, o exporte la hoja como «CSV UTF-8»"
        "save it as .xlsx once more, or export the sheet as \"CSV UTF-8\"",
    cell_is_far(column, bytes)
        "la celda está más allá de la columna {column}, o contiene más de {bytes} bytes"
        "the cell lies beyond column {column}, or holds more than {bytes} bytes",
    formula_without_result
        "la celda tiene una fórmula sin resultado: el programa que escribió el archivo no la calculó"
        "the cell has a formula and no result: the program that wrote the file did not calculate it",
    save_in_excel
        "abra el archivo en Excel o LibreOffice y guárdelo ahí"
        "open the file in Excel or LibreOffice and save it there",
    cells_are_out_of_order
        "las filas o celdas de la hoja no están en orden, o están dos veces"
        "the rows or cells of the sheet are not in order, or are there twice",
    opens_on_another_sheet(shown, read)
        "el libro se abre en la hoja {shown:?} y se lee {read:?}, que es la primera"
        "the workbook opens on its sheet {shown:?}, and {read:?} is read, which is the first",
    row_is_hidden
        "la fila está oculta y se paga de todos modos" "the row is hidden and is paid all the same",
    rows_are_hidden(count)
        "desde aquí hay {count} filas ocultas, que se pagan de todos modos"
        "{count} rows are hidden from here on and are paid all the same",
    delete_or_unfilter
        "borre lo que no se debe pagar, o quite el filtro"
        "delete what is not to be paid, or take the filter off",
    condition_strikes
        "la hoja tiene un formato condicional que tacha celdas, que se pagan de todos modos"
        "the sheet has a conditional format that strikes cells through, and they are paid all the same",
    delete_or_remove_condition
        "borre las filas que no se deben pagar, o quite el formato condicional"
        "delete the rows that are not to be paid, or remove the conditional format",
    column_is_hidden
        "la columna está oculta y se lee de todos modos"
        "the column is hidden and is read all the same",
    show_column
        "muéstrela y revise lo que contiene" "show it, and look at what is in it",
    column_is_struck
        "el nombre de la columna está tachado y la columna se lee de todos modos"
        "the name of the column is struck through and the column is read all the same",
    delete_column_or_unstrike
        "borre la columna, o quite el tachado de su nombre"
        "delete the column, or take the line through its name off",
    row_is_struck
        "la fila tiene celdas tachadas y se paga de todos modos"
        "the row has cells that are struck through, and is paid all the same",
    delete_row_or_unstrike
        "borre la fila si no se debe pagar, o quite el tachado"
        "delete the row if it is not to be paid, or take the line through it off",
    part_is_struck
        "tiene una parte tachada, de modo que nadie puede decir qué vale"
        "has a part that is struck through, so that nobody can say what is meant",
    delete_part_or_unstrike
        "borre lo que no vale, o quite el tachado"
        "delete what does not count, or take the line through it off",
    format_general
        "dele a la celda el formato General y compare lo que muestra entonces"
        "give the cell the format General, and compare what it shows then",
    is_not_shown
        "no se muestra: el formato de la celda lo oculta"
        "is not shown: the format of the cell hides it",
    is_shown_rounded
        "el formato de la celda lo muestra redondeado, y tiene más dígitos"
        "is shown rounded by the format of the cell, and has more digits",
    is_shown_scaled
        "el formato de la celda lo muestra en miles o en millones"
        "is shown in thousands or millions by the format of the cell",
    is_shown_as_percent
        "el formato de la celda lo muestra como porcentaje"
        "is shown as a percentage by the format of the cell",
    is_shown_negative
        "el formato de la celda lo muestra como número negativo"
        "is shown as a negative number by the format of the cell",
    is_shown_with_digits
        "el formato de la celda lo muestra con dígitos o signos agregados"
        "is shown with digits or marks that the format of the cell adds to it",
    is_shown_scientific
        "el formato de la celda lo muestra en notación científica (E+)"
        "is shown in scientific notation (E+) by the format of the cell",
    is_shown_as_fraction
        "el formato de la celda lo muestra como fracción"
        "is shown as a fraction by the format of the cell",
    is_shown_as(text)
        "no se muestra: el formato de la celda muestra {text:?} en su lugar"
        "is not shown: the format of the cell shows {text:?} in its place",
    is_shown_with(words)
        "se muestra con {words:?}, que agrega el formato de la celda"
        "is shown with {words:?}, which the format of the cell adds to it",
    delete_row_or_format
        "borre la fila si no se debe pagar, o dele a la celda el formato General"
        "delete the row if it is not to be paid, or give the cell the format General",
    is_shown_with_sign(sign, currency)
        "se muestra con el signo {sign:?} y la moneda es {currency}"
        "is shown with the sign {sign:?}, and the currency is {currency}",
    correct_currency
        "corrija la moneda o el formato de la celda" "correct the currency, or the format of the cell",

    // What looks odd and may be right.
    looks_decoded_twice
        "parece tener una tilde mal decodificada (JosÃ© en vez de José)"
        "looks like an accent that was decoded wrongly (JosÃ© for José)",
    has_no_letter "no tiene ninguna letra" "has no letter in it",
    are_columns_in_order
        "compruebe que las columnas están en orden" "check that the columns are in order",
    ends_in_zeros
        "solo tiene ceros después del decimoquinto dígito, como cuando una planilla lo tomó por número"
        "has only zeros behind its fifteenth digit, as when a spreadsheet took it for a number",
    compare_with_source
        "compárelo con el documento de origen" "compare it with the document that it comes from",
    is_the_document_too "también es el número del documento" "is the number of the document too",
    is_the_phone_too "también es el número de teléfono" "is the number of the telephone too",
    are_columns_mixed
        "compruebe que no se mezclaron las columnas" "check that the columns were not mixed up",
    account_is_short(digits, bank, usual)
        "tiene {digits} dígitos, y la mayoría de las cuentas del banco {bank:?} tiene {usual}"
        "has {digits} digits where most accounts of bank {bank:?} have {usual}",
    account_lacks_zeros(digits, bank, usual)
        "tiene {digits} dígitos, y la mayoría de las cuentas del banco {bank:?} tiene {usual}, algunas \
         con ceros a la izquierda"
        "has {digits} digits where most accounts of bank {bank:?} have {usual}, some with leading zeros",
    were_zeros_removed
        "compruebe que ninguna planilla quitó ceros a la izquierda"
        "check that no spreadsheet removed leading zeros",
    bank_is_in_no_table(bank, payouts)
        "el banco {bank:?} no está en ninguna tabla de Pagos y se envía tal cual ({payouts})"
        "bank {bank:?} is in no table of Pagos and is sent as it is ({payouts})",
    compare_with_banks "compárelo con `pagos banks`" "compare it with `pagos banks`",
    gets_the_same(line)
        "recibe el mismo monto en la línea {line}, con otra clave"
        "gets the same amount in line {line}, under another key",
    gets_the_same_but_for_zeros(line)
        "es la cuenta de la línea {line} salvo por ceros a la izquierda, y recibe el mismo monto con otra \
         clave"
        "is the account of line {line} but for zeros in front, and gets the same amount under another key",
    pays_the_person_again(line)
        "paga otra vez el mismo monto a la persona de la línea {line}, con otra clave y en otra cuenta"
        "pays the person of line {line} the same amount once more, under another key and on another \
         account",
    is_paid_twice
        "compruebe que a esta persona se le debe pagar dos veces"
        "check that this person is meant to be paid twice",
    is_paid_twice_and_where
        "compruebe que a esta persona se le debe pagar dos veces, y cuál es la cuenta correcta"
        "check that this person is meant to be paid twice, and which account is right",
    rows_pay_the_same(count)
        "{count} filas pagan lo que una fila anterior también paga"
        "{count} rows pay what an earlier row pays too",
    rows_pay_the_same_but_for_zeros(count)
        "{count} filas pagan a una cuenta de una fila anterior, salvo por ceros a la izquierda"
        "{count} rows pay to an account of an earlier row but for zeros in front",
    rows_pay_persons_again(count)
        "{count} filas pagan en otra cuenta lo que una persona también recibe en una fila anterior"
        "{count} rows pay to another account what a person gets in an earlier row too",
    is_nobody_twice
        "compruebe que nadie está dos veces en el archivo"
        "check that nobody is in the file twice",

    // What the database says about a row.
    was_submitted_otherwise
        "se ingresó antes con otro contenido" "was submitted with another body before",
    new_key_for_new_payout
        "una clave nombra un solo pago para siempre: dé una clave nueva al pago nuevo"
        "a key names one payout for ever: give the new payout a new key",
    was_left_out
        "se dejó fuera cuando se pagó antes este archivo"
        "was left out when this file was paid before",
    pay_in_own_file "páguelo en un archivo aparte" "pay it in a file of its own",
    cannot_be_sent(because) "no se puede enviar: {because}" "cannot be sent: {because}",
    correct_row "corrija la fila" "correct the row",

    // A file that cannot be read at all.
    stdin_is_terminal
        "la entrada estándar es un terminal; indique un archivo, o conecte una tubería"
        "standard input is a terminal; name a file, or pipe one into it",
    standard_input "entrada estándar" "standard input",
    is_a_folder
        "es una carpeta; indique el archivo que está en ella" "is a folder; name the file in it",
    is_read_first(name) "{name}: primero se lee hasta el final" "{name}: is read to its end first",
    is_a_terminal
        "es un terminal; indique un archivo, o conecte una tubería"
        "is a terminal; name a file, or pipe one into it",
    no_temporary_file(error)
        "no se puede crear un archivo temporal para leerlo ({error})"
        "no temporary file can be made for it ({error})",
    pipe_is_large
        "de una tubería se lee hasta 1 GiB; guárdela en un archivo e indique ese"
        "a pipe is read up to 1 GiB; save it to a file and name that",
    file_changed
        "el archivo cambió mientras se leía; revíselo de nuevo con `pagos plan`"
        "the file changed while it was read; plan it again",
    file_changed_since
        "el archivo cambió después de revisarse; revíselo de nuevo con `pagos plan`"
        "the file changed after it was planned; plan it again",
    file_is_refused
        "el archivo se rechaza completo; `pagos plan` dice por qué"
        "the file is refused as a whole; `pagos plan` says why",
}
