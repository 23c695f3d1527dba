//! The vectors of `conekta.md: 8.2`, made with OpenSSL from a key whose private half is gone.
//! Nothing of ours.

pub const VECTOR_KEY: &str = "\
    -----BEGIN PUBLIC KEY-----\n\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAudpFRIa5b2nPScmv/17G\n\
    bJfW5mN9BVEMWy/PNf4dD/omqlMDsik43ufXYlE81j7W6pJYDzQxL1ySuWQHaJkI\n\
    4IXF4bIg6D9kIwxQd8hjSbzPHn1d3s43ecgGoOUqJMeftTgOAehlgdGCbzVKt3iE\n\
    unE57v4LY6bMz9utcnvBqqTCj4ZMPexAGrtPv+DBt9ZNz5NHwSlpXGdZCGd3+APx\n\
    AcvYRXBKIRaRmAcHC/oB0mwKBIsF/PrMVbMS599mZIP/RMfZLCdSYYpJd0gfJ9No\n\
    kmaWLP2z1o3Q3oXik9KTpsFTQXWD/pzjoXh7DRXtK+OEMJjim89OFw9WI1YJVgrH\n\
    yQIDAQAB\n\
    -----END PUBLIC KEY-----\n";

pub const V1_BODY: &str = "\
    {\"data\":{\"object\":{\"livemode\":false,\"currency\":\"MXN\",\"method\":{\"id\":\"pyt\
    mtd_dePrueba\",\"created_at\":1601910621,\"payee_id\":\"payee_dePrueba\",\"_type\
    \":\"BankTransferPayoutMethod\",\"object\":\"bank_transfer_payout_method\",\"acc\
    ount_number\":\"123456789012345673\",\"account_holder\":\"Jon Doe\",\"bank\":\"BBV\
    A Bancomer, S.A.\"},\"object\":\"transfer\",\"amount\":1000,\"id\":\"abcdefghijklm\
    nopq1111111\",\"created_at\":1601910621,\"status\":\"paid_out\",\"statement_refe\
    rence\":\"1111111\",\"statement_description\":\"My Company 1111111\"},\"previous\
    _attributes\":{\"status\":\"in_transit\"}},\"livemode\":false,\"webhook_status\":\
    \"pending\",\"webhook_logs\":[{\"id\":\"webhl_dePrueba\",\"url\":\"https://www.exam\
    ple.com/my_webhook_listener\",\"failed_attempts\":0,\"last_http_response_sta\
    tus\":-1,\"object\":\"webhook_log\",\"last_attempted_at\":1601910622}],\"id\":\"5f\
    7b5f5d0000000000000001\",\"object\":\"event\",\"type\":\"payout.paid_out\",\"creat\
    ed_at\":1601910621}";

pub const V1_DIGEST: &str = "\
    gc490v4dDhO6i03eWW47guVkw6H9UnnN+FyD/IJKvQVrHGGNAgCTG7700bgLxY8H4EnCH59K\
    6U6S130bxzwReJvnjrUSiflTcQYIeh6zBmmwvfZiTzKSDGXR1puPHiUoRawWT+oklniDOQyj\
    AB8zSg4GPt5jkkq4ssjZb1BJElVCt0MebsM3SwB2KVEsK5mHpuBTe4y6S4AOs/8KkvrgQA0s\
    zbgbv0qSjr3fKAIjFGcbms9FLXe2SARazxLG6Rv8FS28TMNVNYpjzl1xy4PkaocQrTl6OxuU\
    NV7Q6VkTBMxT3ZIWPQjw9xJ1/OULzxdyCX5i1MuaDsCoxtSmt2KPMA==";

pub const V1_OTHER_KEY: &str = "\
    n8uZ6mfoDJ8YxZcfEvWbc/NU2mnqjD8eBMCIo6XGOfGgjz86IRdJFWWmTB9s5ccNTQ5qDdF9\
    NSJDsJJuUvh6HmrfwEByRFKFcPSLKlVi39dJ2YnTaevOT0Yo6GQsJUg+wXqFL5gfmmGny7iX\
    O0CBcZv+cBxO+oMiHfgUJYuedZYFFRQUa0EQ1oRQo0FsWaHTNz08D92xjxfDdPfgy9YTxIM3\
    CPo/ihFY9/C7BhJ0TRyEzbHbxwgLuTuLPsPtz2VC898wW5TF++2UKyzKyiNXm9ElPiCPy1sO\
    +Z+MFsjUOGe4XnepcA7s8l72emxs8ktOo1ciohTepVksgJxKEkPF1w==";

pub const V2_BODY: &str = "\
    {\"data\":{\"object\":{\"livemode\":false,\"currency\":\"MXN\",\"method\":{\"id\":\"pyt\
    mtd_dePrueba\",\"created_at\":1601910621,\"payee_id\":\"payee_dePrueba\",\"_type\
    \":\"BankTransferPayoutMethod\",\"object\":\"bank_transfer_payout_method\",\"acc\
    ount_number\":\"123456789012345673\",\"account_holder\":\"José Núñez\",\"bank\":\"\
    BBVA Bancomer, S.A.\"},\"object\":\"transfer\",\"amount\":1000,\"id\":\"abcdefghij\
    klmnopq1111111\",\"created_at\":1601910621,\"status\":\"failed\",\"statement_ref\
    erence\":\"1111111\",\"statement_description\":\"My Company 1111111\"},\"previou\
    s_attributes\":{\"status\":\"in_transit\"}},\"livemode\":false,\"webhook_status\"\
    :\"pending\",\"webhook_logs\":[{\"id\":\"webhl_dePrueba\",\"url\":\"https://www.exa\
    mple.com/my_webhook_listener\",\"failed_attempts\":0,\"last_http_response_st\
    atus\":-1,\"object\":\"webhook_log\",\"last_attempted_at\":1601910622}],\"id\":\"5\
    f7b5f5d0000000000000002\",\"object\":\"event\",\"type\":\"payout.failed\",\"create\
    d_at\":1601910621}";

pub const V2_DIGEST: &str = "\
    qb3ZQwrF4V0/jn/Q+33zbE8YY2He1Q5tAAY/fQCr4ftEaQbwREU4ku3SODbV72E3VZsIIKG7\
    GUX+pzsM0Qo6rdLam2QR3Cls41VKY9CoMr3lpzdva7gTT9p9rt9d9mA9sOjwI1U9lWDfr5Y2\
    UJk8xRGYuxOI9Y1R397/T919HLWPjLg7sxF1dUfoBDo5tQdY5fGaZ9FP5QhECkkEy2l7hFx9\
    gbFyOfmtWEZ79OaD+Kx3BGMVLcOGICDfMxCYNpSfZKq6DmMjZ/DUKW3B0Sv1FlkPuPyFFreU\
    Dlb4CuWeBAK6vIwhVGA+dpFmjSagLF8hCOR5dK5tv1+NH4Av1Y+MaQ==";

pub const V3_BODY: &str = "\
    {\"livemode\":true,\"currency\":\"MXN\",\"method\":{\"id\":\"pytmtd_dePrueba\",\"crea\
    ted_at\":1676053647,\"payee_id\":\"payee_dePrueba\",\"_type\":\"BankTransferPayo\
    utMethod\",\"object\":\"bank_transfer_payout_method\",\"account_number\":\"12345\
    6789012345673\",\"account_holder\":\"Jon Doe Account\",\"bank\":\"banorte\"},\"obj\
    ect\":\"transfer\",\"amount\":1000,\"id\":\"abcdefghijklmnopq1111111\",\"created_a\
    t\":1676053647,\"status\":\"pending\",\"statement_reference\":\"1111111\",\"statem\
    ent_description\":\"Jon Doe Account 1111111\"}";

pub const V3_DIGEST: &str = "\
    a/p/xafGZiCX+50OJ+aWbJyqX4cPHAf7aPKx8C5X6D5OVCVK5hDX9mtVmgi0b0YxKpHqB5Zg\
    XGTff8r9iF044g4PjFO/tVYkCwXuWDdZmGJCIn6drATUK4BJkDIZF0yteTE2hxjxC7FUdn3B\
    sb3AyBpu0Xmg0iGSApZe0ay3o2v+UKNADYg0KnFHznk3EpgBxfG+E5iezwTYDQGKjrgqPYHm\
    vGl0A1IyZD3XsWORgK1tQhFhHzVFAgHs+bn72KQIYxcbdUjUEDR+yczgs2r5xCzWuSx42Rrr\
    vR//ojHzbAyT9a0a/Y0BxGuiKjq/PfBiEooEDNSxlT8kw6he4H8JGg==";

pub const V4_BODY: &str = "\
    {\"data\":{\"livemode\":false,\"action\":\"ping\"},\"livemode\":false,\"webhook_sta\
    tus\":\"pending\",\"webhook_logs\":[],\"id\":\"63fe3d2ddf70970001cfb41a\",\"object\
    \":\"event\",\"type\":\"webhook_ping\",\"created_at\":1677606189}";

pub const V4_DIGEST: &str = "\
    axw5S+Gk+thfWMkOBan3JucRSXTV0DYZv2nQbM5XFcqcwnsva6TdjN4OZTTldNk84Z6wY/8b\
    ZO/Q+OW04IsE0LWgkUJ8omLvrjTGtkKbT0+KL+Rmk4aSIHxbfx0e5n3E+hwLgKyw/a/C+J7M\
    zONuKcV34p1W6fk4npxi//cWb7j6tVHOivPu5YlZpdD54RVoB3Z/pDuZu7XtbXg9Uffp+i0B\
    wXlKqgnBBMRtMXx1inqvcH5pPKfBDtrubTvaQN76mqmM47m9qSkoKFQ/2VwwXXyPXdN4mbY6\
    NnIPlN0+yn+P6n9XeP/x6xBBUO0PYu3eX3WvfdfXCxNnkKx+1Jr6yg==";
