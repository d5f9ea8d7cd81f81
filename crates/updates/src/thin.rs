//! An update without the text that it deletes itself: what was typed and taken back, or written over, between two looks.

use crate::delete_set::{self, DeleteSet};
use crate::error::Invalid;
use crate::reader::{Reader, put_number};
use crate::structs::{self, Id, Kind, Struct};
use crate::validate::Parsed;

/// The same update without the content of text that it brings and deletes, and with deleted neighbours joined. Whoever
/// applies it ends with what they would have ended with (their replica throws such content away at once), but makes a few
/// structs instead of hundreds: for whoever only looks. Nothing that is kept may be made thin: a history keeps its text.
///
/// # Errors
/// [`Invalid`] where it is not an update.
pub fn thin(update: &[u8]) -> Result<Vec<u8>, Invalid> {
    let parsed = Parsed::check(&mut Reader::new(update), |_| ())?;
    let mut deletes = DeleteSet::default();
    delete_set::read(&mut Reader::at_offset(update, parsed.deletes_at), |client, from, to| {
        deletes.insert(client, from, to);
        Ok::<_, Invalid>(())
    })?;
    let mut out = Vec::new();
    put_number(&mut out, parsed.lists.len() as u64);
    let mut body = Vec::new();
    for list in &parsed.lists {
        body.clear();
        let mut count: u64 = 0;
        let mut structs = Reader::at_offset(update, list.at);
        let mut clock = list.from;
        let mut gone: Option<Gone<'_>> = None;
        for _ in 0..list.count {
            let item = structs::read::<false>(&mut structs, clock)?;
            clock = item.end();
            let is_gone = match item.kind {
                Kind::Deleted => true,
                Kind::Text => deletes.deleted_to(list.client, item.clock).is_some_and(|to| to >= clock),
                _ => false,
            };
            match &mut gone {
                Some(gone) if is_gone && gone.takes(list.client, &item) => {
                    gone.len += item.len;
                    continue;
                }
                _ => gone.take().into_iter().for_each(|gone| gone.write(&mut body)),
            }
            count += 1;
            if is_gone {
                gone = Some(Gone { first: item, len: item.len });
            } else {
                body.extend_from_slice(item.bytes);
            }
        }
        gone.into_iter().for_each(|gone| gone.write(&mut body));
        put_number(&mut out, count);
        put_number(&mut out, list.client);
        put_number(&mut out, u64::from(list.from));
        out.extend_from_slice(&body);
    }
    deletes.write(&mut out);
    Ok(out)
}

/// Deleted structs that become one.
struct Gone<'a> {
    first: Struct<'a>,
    len: u32,
}

impl Gone<'_> {
    /// A unit that hangs on the unit before it, with the same right origin, is what the second half of a cut struct looks
    /// like: so the joined struct means what its parts mean, whatever is put between them.
    fn takes(&self, client: u64, item: &Struct<'_>) -> bool {
        item.origin == Some(Id { client, clock: item.clock.wrapping_sub(1) })
            && item.right == self.first.right
    }

    fn write(self, out: &mut Vec<u8>) {
        let head = self.first.bytes.len() - self.first.content.len();
        let at = out.len();
        out.extend_from_slice(self.first.bytes.get(..head).unwrap_or_default());
        if let Some(info) = out.get_mut(at) {
            *info = (*info & !0x1f) | Kind::Deleted as u8;
        }
        put_number(out, u64::from(self.len));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Client 1 wrote `ab`, then `cd` behind it, then `e`; what is deleted is given.
    fn written(deletes: &[u8]) -> Vec<u8> {
        let structs = [
            &[1, 3, 1, 0, 0x04, 1, 1, b't', 2, b'a', b'b'][..],
            &[0x84, 1, 1, 2, b'c', b'd'],
            &[0x84, 1, 3, 1, b'e'],
        ];
        [structs.concat(), deletes.to_vec()].concat()
    }

    #[test]
    fn text_that_is_deleted_at_once_travels_as_its_length() -> Result<(), Invalid> {
        let all_but_the_last = written(&[1, 1, 1, 0, 4]);
        let thinned =
            [&[1, 2, 1, 0, 0x01, 1, 1, b't', 4, 0x84, 1, 3, 1, b'e'][..], &[1, 1, 1, 0, 4]].concat();
        assert_eq!(thin(&all_but_the_last)?, thinned);
        assert_eq!(thin(&thinned)?, thinned, "once is enough");
        Ok(())
    }

    #[test]
    fn what_stays_and_what_is_deleted_in_part_stays_as_it_is() -> Result<(), Invalid> {
        for kept in [written(&[0]), written(&[1, 1, 1, 1, 1]), written(&[1, 2, 1, 0, 9])] {
            assert_eq!(thin(&kept)?, kept);
        }
        assert!(thin(&[9]).is_err());
        Ok(())
    }
}
