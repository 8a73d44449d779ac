//! Who sells, what, and who is told: what letters say beside the purchase itself.

use domain::{
    CompanyId, Failure,
    company::{Company, Role},
    letters::Letter,
    purchase::Purchase,
    repository::Repository,
    text::Email,
};

use super::Addressee;
use crate::{App, Error};

/// What letters about a purchase say beside it.
pub(super) struct Shop {
    /// What the one who sells is called.
    pub(super) vendor: String,
    /// What is sold, as it is now.
    pub(super) repository: Option<Repository>,
    /// The page of the purchase, with what opens it.
    pub(super) purchase_url: String,
    /// The same with a proof that the letter was read, when packages can be installed by the purchase.
    pub(super) composer_url: Option<String>,
    /// Where browsers reach us, without a slash at the end.
    pub(super) public_url: String,
    /// Where buyers' answers go, if that was said.
    answers: Option<Email>,
    /// Who is told of what needs the vendor.
    alerts: Option<Email>,
}

impl Shop {
    /// Reads what these letters need.
    pub(super) async fn of(app: &App, purchase: &Purchase, letters: &[Letter]) -> Result<Self, Error> {
        let (company, listed, purchase_url) = futures::try_join!(
            app.store.company(purchase.company),
            app.store.repository(purchase.company, purchase.repository),
            app.links.link(purchase.company, purchase.id)
        )?;
        let packages = purchase.at(app.clock.now()).opens_packages();
        let composer_url = if packages { Some(app.links.mailed_link(purchase).await?) } else { None };
        let answers = named(app, purchase.company, company.as_ref());
        let asked = letters.iter().any(|letter| matches!(letter, Letter::Alert { .. }));
        let alerts = match &answers {
            None if asked => first_owner(app, purchase.company).await?,
            answers => answers.clone(),
        };
        Ok(Self {
            vendor: company.map_or_else(|| "Tollgate".to_owned(), |Company { name, .. }| name),
            repository: listed.map(|listed| listed.repository),
            purchase_url,
            composer_url,
            public_url: app.public_url.clone(),
            answers,
            alerts,
        })
    }

    /// Whom a letter goes to; nobody, when nobody was named to be told of the vendor's matters.
    pub(super) fn addressee(&self, purchase: &Purchase, letter: &Letter) -> Option<Addressee> {
        let company = purchase.company;
        match letter {
            Letter::Alert { .. } => self.alerts.clone().map(|to| Addressee { company, to, reply_to: None }),
            _ => Some(Addressee { company, to: purchase.email.clone(), reply_to: self.answers.clone() }),
        }
    }
}

/// The address that was named for what needs the vendor.
fn named(app: &App, id: CompanyId, company: Option<&Company>) -> Option<Email> {
    let told = company.and_then(|company| company.alerts.clone());
    told.or_else(|| app.alert_email.clone().filter(|_| id == CompanyId::FIRST))
}

/// Who is told of what needs the vendor, if anybody can be.
pub(super) async fn vendor(app: &App, id: CompanyId) -> Result<Option<Email>, Failure> {
    let company = app.store.company(id).await?;
    match named(app, id, company.as_ref()) {
        None => first_owner(app, id).await,
        named => Ok(named),
    }
}

/// The address of the owner who has been there the longest.
async fn first_owner(app: &App, company: CompanyId) -> Result<Option<Email>, Failure> {
    let members = app.store.members(company).await?;
    Ok(members.into_iter().filter(|member| member.role == Role::Owner).find_map(|member| member.email))
}
