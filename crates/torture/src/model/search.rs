//! Whether there is an order of a history's steps, in which none that was answered comes behind one that
//! was begun later, and in which the model answers what the server has answered (after Wing and Gong).

use std::time::Instant;

use serde_json::Value;

use crate::model::memory::Model;
use crate::model::seen::{Pairs, Seen};
use crate::model::step::{Names, Step};

/// A step and its answer, and when each was there.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) step: Step,
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
    pub(crate) seen: Seen,
}

/// A history as it is told: each step with when it was begun and answered, in milliseconds.
pub(crate) fn told(history: &[Event]) -> String {
    let Some(start) = history.iter().map(|it| it.begun).min() else {
        return String::new();
    };
    let millis = |moment: Instant| moment.duration_since(start).as_secs_f64() * 1_000.0;
    let lines = history.iter().map(|it| {
        let (begun, ended) = (millis(it.begun), millis(it.ended));
        format!("{begun:.3} to {ended:.3}: {:?}: {:?}\n", it.step, it.seen)
    });
    lines.collect()
}

/// The badge of a history: how it was created on the server and under which id.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) definition: Value,
    pub(crate) is_claimed: bool,
    pub(crate) badge: String,
}

/// A search for the order of one history.
pub(crate) struct Search<'h> {
    model: &'h mut Model,
    origin: &'h Origin,
    history: &'h [Event],
    /// The model after the steps of `done`.
    names: Names,
    pairs: Pairs,
    done: Vec<usize>,
    /// How many steps the model was asked for.
    pub(crate) asked: u64,
}

impl<'h> Search<'h> {
    pub(crate) fn new(model: &'h mut Model, origin: &'h Origin, history: &'h [Event]) -> Self {
        let (names, pairs) = begin(model, origin);
        Self {
            model,
            origin,
            history,
            names,
            pairs,
            done: Vec::new(),
            asked: 0,
        }
    }

    /// Whether there is such an order.
    pub(crate) fn finds_an_order(&mut self) -> bool {
        self.goes_on(&mut Vec::new())
    }

    fn goes_on(&mut self, order: &mut Vec<usize>) -> bool {
        let open: Vec<usize> = (0..self.history.len())
            .filter(|place| !order.contains(place))
            .collect();
        let Some(first_end) = open.iter().map(|it| self.history[*it].ended).min() else {
            return true;
        };
        let mut next: Vec<usize> = (open.into_iter())
            .filter(|place| self.history[*place].begun <= first_end)
            .collect();
        next.sort_by_key(|place| self.history[*place].ended);
        for place in next {
            order.push(place);
            if self.agrees(order) && self.goes_on(order) {
                return true;
            }
            order.pop();
        }
        false
    }

    /// Whether the model answers the last step of `order` as the server did; it did the others.
    fn agrees(&mut self, order: &[usize]) -> bool {
        let (last, before) = order.split_last().unwrap();
        if self.done != before {
            (self.names, self.pairs) = begin(self.model, self.origin);
            self.done.clear();
            for place in before {
                let agreed = self.run(*place);
                assert!(agreed, "the model answers otherwise the second time");
            }
        }
        self.run(*last)
    }

    fn run(&mut self, place: usize) -> bool {
        let event = &self.history[place];
        self.asked += 1;
        self.done.push(place);
        let step = match &event.step {
            Step::RevokeEarn { customer, earned } => {
                // It was answered before, to whoever knows it.
                let Some(earned) = self.pairs.of_model(earned) else {
                    return false;
                };
                Step::RevokeEarn {
                    customer: *customer,
                    earned: earned.to_owned(),
                }
            }
            step => step.clone(),
        };
        let seen = self.model.run(&step, &self.names);
        self.pairs.agree(&event.seen, &seen)
    }
}

/// The badge in the model, new, and that it stands for the one of the server.
fn begin(model: &mut Model, origin: &Origin) -> (Names, Pairs) {
    let names = model.badge(&origin.definition, origin.is_claimed);
    let mut pairs = Pairs::default();
    let id = |id: &str| {
        let step = Step::Ask { id: 0 };
        Seen::answered(&step, &Value::from(id), false, &names)
    };
    pairs.agree(&id(&origin.badge), &id(&names.badge));
    (names, pairs)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::model::step::Shape;

    const BADGE: &str = "66276dc68fe258516a88ff8e";

    /// A history of the limited badge, whose places are three: earns of customers 1, 2, 3 … one after
    /// another or all at once, of which those with `None` were refused with 818.
    fn earns(ids: &[Option<&str>], at_once: bool) -> Vec<Event> {
        let names = Names {
            prefix: "a-".to_owned(),
            customers: 0,
            badge: BADGE.to_owned(),
        };
        let begun = Instant::now();
        let event = |(place, id): (usize, Option<&str>)| {
            let number = i64::try_from(place).unwrap() + 1;
            let step = Step::Earn {
                customer: number,
                id: number,
                key: None,
            };
            let answer = json!({
                "badgeMetaId": BADGE, "customerId": number, "earnedBadgeId": id,
                "requestId": format!("a-{number}"), "issuedId": null,
            });
            let seen = match id {
                Some(_) => Seen::answered(&step, &answer, false, &names),
                None => Seen::refused(&[818]),
            };
            let second = |seconds: usize| begun + Duration::from_secs(seconds as u64);
            Event {
                step,
                begun: second(if at_once { 0 } else { 2 * place }),
                ended: second(if at_once { 100 } else { 2 * place + 1 }),
                seen,
            }
        };
        ids.iter().copied().enumerate().map(event).collect()
    }

    fn is_explained(history: &[Event]) -> bool {
        let origin = Origin {
            definition: Shape::Limited.definition(),
            is_claimed: false,
            badge: BADGE.to_owned(),
        };
        Search::new(&mut Model::new(), &origin, history).finds_an_order()
    }

    #[test]
    fn who_is_refused_comes_behind_those_who_got_the_places() {
        let [a, b, c] = ["a", "b", "c"].map(|it| it.repeat(24));
        let [a, b, c] = [&a, &b, &c].map(|it| Some(it.as_str()));
        assert!(is_explained(&earns(&[a, b, c, None], false)));
        assert!(is_explained(&earns(&[None, a, b, c], true)));
        assert!(!is_explained(&earns(&[None, a, b, c], false)), "too early");
    }

    #[test]
    fn a_place_too_many_and_an_id_twice_have_no_order() {
        let ids = ["a", "b", "c", "d"].map(|it| it.repeat(24));
        let all = ids.each_ref().map(|it| Some(it.as_str()));
        assert!(!is_explained(&earns(&all, true)));
        assert!(!is_explained(&earns(&[all[0], all[0]], true)));
    }
}
