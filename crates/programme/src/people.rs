//! What is known of customers besides receipts, by the lake's codes: invitations, redemptions, profile.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::Result;
use lake::Lake;
use models::Chosen;
use portrait::{History, Invitation, Profile, Redemption};
use retail::{Day, Lines, Texts, compare_ids};

/// Facts of customers, by code.
#[derive(Debug, Default)]
pub(crate) struct People {
    invitations: HashMap<u32, Vec<Invitation>>,
    redemptions: HashMap<u32, Vec<Redemption>>,
    profiles: HashMap<u32, Profile>,
    // Ids behind the codes of campaigns.
    campaigns: Vec<String>,
    /// Texts behind the codes of profiles and regions.
    pub texts: Texts,
}

impl People {
    /// Reads the tables of the lake. Rows of customers without any receipt are left out: they have
    /// no portrait.
    pub(crate) fn read(lake: &Lake) -> Result<Self> {
        let mut people = Self::default();
        let customers = lake.customers()?;
        let mut campaigns = lake.table::<retail::Campaign>()?;
        campaigns.sort_by(|a, b| compare_ids(&a.id.0, &b.id.0));
        let places: HashMap<&str, u32> = campaigns
            .iter()
            .zip(0u32..)
            .map(|(campaign, place)| (campaign.id.0.as_str(), place))
            .collect();
        for row in lake.table::<retail::Invitation>()? {
            let (Some(code), Some(&place)) =
                (customers.code(&row.customer.0), places.get(row.campaign.0.as_str()))
            else {
                continue;
            };
            let campaign = &campaigns[place as usize];
            let invitation =
                Invitation { campaign: place, start: campaign.start, end: campaign.end };
            people.invitations.entry(code).or_default().push(invitation);
        }
        let mut unknown = Texts::default();
        for row in lake.table::<retail::Redemption>()? {
            let Some(code) = customers.code(&row.customer.0) else { continue };
            let place = places.get(row.campaign.0.as_str()).copied();
            let redemption = Redemption {
                day: row.day,
                // Campaigns without a description get codes behind those with one.
                campaign: place
                    .unwrap_or_else(|| campaigns.len() as u32 + unknown.code(&row.campaign.0)),
                campaign_start: place.map(|place| campaigns[place as usize].start),
            };
            people.redemptions.entry(code).or_default().push(redemption);
        }
        let described = campaigns.iter().map(|campaign| campaign.id.0.as_str());
        people.campaigns = described.chain(unknown.iter()).map(str::to_owned).collect();
        for row in lake.table::<retail::Customer>()? {
            let Some(code) = customers.code(&row.id.0) else { continue };
            let mut text =
                |name: &str| row.attributes.get(name).map(|value| people.texts.code(value));
            let profile = Profile {
                gender: text("gender"),
                age_band: text("age_band"),
                household_size: text("household_size"),
                kids_count: text("kids_count"),
                income_band: text("income_band"),
                home_ownership: text("home_ownership"),
                marital_status: text("marital_status"),
                region: text("region"),
            };
            people.profiles.insert(code, profile);
        }
        Ok(people)
    }

    /// Histories of some customers of these lines.
    pub(crate) fn histories<'a>(
        &'a self,
        lines: &'a Lines,
        customers: Chosen<'_>,
    ) -> Vec<History<'a>> {
        let history = |(customer, range): &(u32, Range<usize>)| History {
            customer: *customer,
            lines,
            range: range.clone(),
            invitations: self.invitations.get(customer).map_or(&[], Vec::as_slice),
            redemptions: self.redemptions.get(customer).map_or(&[], Vec::as_slice),
            profile: self.profiles.get(customer).copied().unwrap_or_default(),
        };
        customers.iter().map(history).collect()
    }

    /// Rows of the snapshot's extract: customer, what, campaign, day, and the campaign's first day.
    pub(crate) fn extract(&self) -> Vec<(u32, &'static str, &str, Day, Option<Day>)> {
        let id = |code: u32| self.campaigns[code as usize].as_str();
        let invitations = self.invitations.iter().flat_map(|(&customer, rows)| {
            let row = move |row: &Invitation| {
                (customer, "invitation", id(row.campaign), row.start, Some(row.start))
            };
            rows.iter().map(row)
        });
        let redemptions = self.redemptions.iter().flat_map(|(&customer, rows)| {
            let row = move |row: &Redemption| {
                (customer, "redemption", id(row.campaign), row.day, row.campaign_start)
            };
            rows.iter().map(row)
        });
        let mut rows: Vec<_> = invitations.chain(redemptions).collect();
        rows.sort_unstable();
        rows
    }
}
