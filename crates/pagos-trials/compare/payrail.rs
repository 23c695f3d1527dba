//! What payrail offers for one provider: a payment is opened, and its status is asked about. It makes no
//! payouts and has no store.

use payrail::{CreatePaymentRequest, Money, PayRail, PaymentMethod, PaymentProvider, StripeConfig};
use secrecy::SecretString;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = SecretString::from(std::env::var("STRIPE_SECRET_KEY")?);
    let client = PayRail::builder().stripe(StripeConfig::new(key)?)?.build()?;
    let request = CreatePaymentRequest::builder()
        .amount(Money::new_minor(2_500, "USD")?)
        .reference("order-1")?
        .payment_method(PaymentMethod::card())
        .return_url("https://merchant.example/success")?
        .cancel_url("https://merchant.example/cancel")?
        .idempotency_key("order-1:create")?
        .build()?;
    let session = client.create_payment(request).await?;
    let reference = &session.provider_reference;
    let status = client.get_payment_status(PaymentProvider::Stripe, reference).await?;
    println!("{} {:?}", reference.as_str(), status.status);
    Ok(())
}
