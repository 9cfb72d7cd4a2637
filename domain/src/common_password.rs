//! The passwords that are tried first, because so many people have had them stolen.

/// In lower case, one on a line, in the order of their bytes. `domain/data/README.md` says where they come from.
const COMMON: &str = include_str!("../data/common-passwords.txt");

/// Whether guessers try this password among the first, in whatever case. It takes as long as reading the list, which is
/// nothing beside hashing a password.
pub(crate) fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    COMMON.lines().any(|common| common == password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_takes() {
        for common in ["password", "12345678", "PassWord123", "iloveyou"] {
            assert!(is_common(common), "{common}");
        }
        for rare in ["", "pass", "correct horse", "k3rn-zwirn-ast"] {
            assert!(!is_common(rare), "{rare}");
        }
    }

    #[test]
    fn the_list_is_as_it_is_said_to_be() {
        let lines: Vec<_> = COMMON.lines().collect();
        assert!(lines.len() > 8_000);
        assert!(
            lines
                .iter()
                .all(|line| line.chars().count() >= crate::limit::PASSWORD_MIN_CHARS)
        );
        assert!(lines.iter().all(|line| *line == line.to_lowercase()));
        assert!(lines.is_sorted_by(|one, next| one < next));
    }
}
