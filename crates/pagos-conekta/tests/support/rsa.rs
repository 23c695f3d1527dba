//! The public half of RSA by schoolbook arithmetic, as an oracle. Slow, and for tests only.

/// A public key as numbers, big-endian.
pub(crate) struct PublicNumbers {
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

impl PublicNumbers {
    /// Of the first key of a PEM text with a modulus of 2,048 bits, found by its surroundings and
    /// not by reading DER: 257 bytes with a zero at the front, then three of exponent.
    pub(crate) fn of_pem(pem: &str) -> Self {
        let lines = pem.lines().skip(1).take_while(|line| !line.starts_with('-'));
        let der = super::base64::decode(&lines.collect::<String>());
        let end = der.len() - 5;
        assert_eq!(der[end..], [0x02, 0x03, 0x01, 0x00, 0x01]);
        Self { modulus: der[end - 256..end].to_vec(), exponent: der[end + 2..].to_vec() }
    }

    /// `base` to the power of 65,537, modulo the modulus, in as many bytes as that has.
    pub(crate) fn raise(&self, base: &[u8]) -> Vec<u8> {
        let mut power = base.to_vec();
        for _ in 0..16 {
            power = self.multiply(&power, &power);
        }
        self.multiply(&power, base)
    }

    /// By doubling and adding, a bit of `left` at a time.
    fn multiply(&self, left: &[u8], right: &[u8]) -> Vec<u8> {
        let mut product = vec![0; self.modulus.len()];
        for byte in left {
            for bit in (0..8).rev() {
                product = self.add(&product, &product);
                if byte >> bit & 1 == 1 {
                    product = self.add(&product, right);
                }
            }
        }
        product
    }

    /// Both are below the modulus.
    fn add(&self, left: &[u8], right: &[u8]) -> Vec<u8> {
        let mut sum = vec![0; left.len()];
        let mut carry = 0_u16;
        for at in (0..left.len()).rev() {
            let column = u16::from(left[at]) + u16::from(right[at]) + carry;
            sum[at] = column.to_be_bytes()[1];
            carry = column >> 8;
        }
        if carry == 0 && sum < self.modulus {
            return sum;
        }
        let mut borrow = 0_i16;
        for at in (0..sum.len()).rev() {
            let column = i16::from(sum[at]) - i16::from(self.modulus[at]) - borrow;
            sum[at] = column.to_be_bytes()[1];
            borrow = i16::from(column < 0);
        }
        sum
    }
}
