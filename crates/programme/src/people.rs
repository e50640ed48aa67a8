//! What is known of customers besides receipts: invitations, redemptions, profile.
//!
//! It goes by ids and not by the lake's codes: it is the same however many customers come with receipts, so
//! that whoever keeps it reads it again only when the tables change.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::Result;
use lake::{Dictionary, Lake, Row};
use models::Chosen;
use portrait::{History, Invitation, Profile, Redemption};
use retail::{Day, Lines, Texts, compare_ids};

/// Facts of customers, by their places here.
#[derive(Debug, Default)]
pub(crate) struct People {
    // Ids of all of whom something is known; those with a profile come first.
    ids: Texts,
    profiles: Vec<Profile>,
    invitations: HashMap<u32, Vec<Invitation>>,
    redemptions: HashMap<u32, Vec<Redemption>>,
    // Ids behind the codes of campaigns.
    campaigns: Vec<String>,
    /// Texts behind the codes of profiles.
    pub texts: Texts,
}

impl People {
    /// The tables that [`People::read`] reads.
    pub(crate) const TABLES: [&str; 4] = [
        retail::Campaign::TABLE,
        retail::Invitation::TABLE,
        retail::Redemption::TABLE,
        retail::Customer::TABLE,
    ];

    /// Reads the tables of the lake.
    pub(crate) fn read(lake: &Lake) -> Result<Self> {
        let mut people = Self::default();
        for row in lake.table::<retail::Customer>()? {
            people.ids.code(&row.id.0);
            let mut text =
                |name: &str| row.attributes.get(name).map(|value| people.texts.code(value));
            people.profiles.push(Profile {
                gender: text("gender"),
                age_band: text("age_band"),
                household_size: text("household_size"),
                kids_count: text("kids_count"),
                income_band: text("income_band"),
                home_ownership: text("home_ownership"),
                marital_status: text("marital_status"),
                region: text("region"),
            });
        }
        let mut campaigns = lake.table::<retail::Campaign>()?;
        campaigns.sort_by(|a, b| compare_ids(&a.id.0, &b.id.0));
        let places: HashMap<&str, u32> = campaigns
            .iter()
            .zip(0u32..)
            .map(|(campaign, place)| (campaign.id.0.as_str(), place))
            .collect();
        for row in lake.table::<retail::Invitation>()? {
            let Some(&place) = places.get(row.campaign.0.as_str()) else { continue };
            let campaign = &campaigns[place as usize];
            let invitation =
                Invitation { campaign: place, start: campaign.start, end: campaign.end };
            let customer = people.ids.code(&row.customer.0);
            people.invitations.entry(customer).or_default().push(invitation);
        }
        let mut unknown = Texts::default();
        for row in lake.table::<retail::Redemption>()? {
            let place = places.get(row.campaign.0.as_str()).copied();
            let redemption = Redemption {
                day: row.day,
                // Campaigns without a description get codes behind those with one.
                campaign: place
                    .unwrap_or_else(|| campaigns.len() as u32 + unknown.code(&row.campaign.0)),
                campaign_start: place.map(|place| campaigns[place as usize].start),
            };
            let customer = people.ids.code(&row.customer.0);
            people.redemptions.entry(customer).or_default().push(redemption);
        }
        let described = campaigns.iter().map(|campaign| campaign.id.0.as_str());
        people.campaigns = described.chain(unknown.iter()).map(str::to_owned).collect();
        Ok(people)
    }

    /// Histories of some customers of these lines, whose ids `ids` has.
    pub(crate) fn histories<'a>(
        &'a self,
        ids: &Dictionary,
        lines: &'a Lines,
        customers: Chosen<'_>,
    ) -> Vec<History<'a>> {
        let history = |(customer, range): &(u32, Range<usize>)| {
            let place = ids.text(*customer).and_then(|id| self.ids.find(id));
            let profile = place.and_then(|place| self.profiles.get(place as usize));
            History {
                customer: *customer,
                lines,
                range: range.clone(),
                invitations: of(&self.invitations, place),
                redemptions: of(&self.redemptions, place),
                profile: profile.copied().unwrap_or_default(),
            }
        };
        customers.iter().map(history).collect()
    }

    /// Rows of the snapshot's extract: customer, what, campaign, day, and the campaign's first day. Customers
    /// without any receipt, of whom `ids` knows nothing, are left out: they have no portrait.
    pub(crate) fn extract(
        &self,
        ids: &Dictionary,
    ) -> Vec<(u32, &'static str, &str, Day, Option<Day>)> {
        let id = |code: u32| self.campaigns[code as usize].as_str();
        let code = |place: u32| ids.code(self.ids.text(place)?);
        let invitations = self.invitations.iter().filter_map(|(&place, rows)| {
            let customer = code(place)?;
            Some(rows.iter().map(move |row| {
                (customer, "invitation", id(row.campaign), row.start, Some(row.start))
            }))
        });
        let redemptions = self.redemptions.iter().filter_map(|(&place, rows)| {
            let customer = code(place)?;
            Some(rows.iter().map(move |row| {
                (customer, "redemption", id(row.campaign), row.day, row.campaign_start)
            }))
        });
        let mut rows: Vec<_> = invitations.flatten().chain(redemptions.flatten()).collect();
        rows.sort_unstable();
        rows
    }
}

/// Facts of the customer at a place.
fn of<T>(facts: &HashMap<u32, Vec<T>>, place: Option<u32>) -> &[T] {
    place.and_then(|place| facts.get(&place)).map_or(&[], Vec::as_slice)
}
