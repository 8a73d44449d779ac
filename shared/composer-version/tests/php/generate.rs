//! Makes versions, branches' names and constraints: well-formed ones, and ones with accidents.

/// `SplitMix64`: what is made follows from the seed.
pub(crate) struct Generator(pub(crate) u64);

const WORDS: &[&str] =
    &["stable", "beta", "b", "RC", "rc", "alpha", "a", "patch", "pl", "p", "Stable", "BETA", "Rc", "pL", "foo"];
const FLAGS: &[&str] = &["stable", "RC", "beta", "alpha", "dev", "Dev", "rc", "BETA", "STABLE", "foo"];
const BRANCHES: &[&str] =
    &["main", "master", "Main", "feature/x", "1.x", "2.0", "release-1.2", "alias", "x", "trunk", "", "a#b", "é"];
const OPERATORS: &[&str] = &[
    "", "", "=", "==", "!=", "!=", "<>", "<", "<", "<", "<=", "<=", ">", ">", ">=", ">=", ">=", "=>", "~", "~", "~",
    "~", "^", "^", "^", "^", "^", "~>", "!",
];
const ACCIDENTS: &[&str] = &[
    " ", " ", "  ", "\t", "\n", "\r", "\x0b", "\x0c", "\0", ",", "|", "||", "-", ".", "_", "+", "#", "@", "*", "x",
    "X", "v", "V", "as", " as ", "dev", "dev-", "-dev", "DEV-", "0", "1", "9", "00", "2024", "01", "~", "^", "<", ">",
    "=", "!", "b", "RC", "stable", "p", "é", "/", ":", "&", "(", "master", " - ", ".x-dev", "@dev", "@beta", "#1a",
];

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % end
    }

    fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }

    fn number(&mut self) -> String {
        match self.below(40) {
            0..25 => self.below(4).to_string(),
            25..31 => self.below(13).to_string(),
            31..33 => format!("0{}", self.below(4)),
            33 => "00".to_owned(),
            34 => "9999999".to_owned(),
            35 => self.below(1_000_000).to_string(),
            36 => self.next().to_string()[..9].to_owned(),
            37 => "99".to_owned(),
            _ => (2023 + self.below(3)).to_string(),
        }
    }

    fn numbers(&mut self, most: usize) -> String {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.number()).collect::<Vec<_>>().join(".")
    }

    fn modifier(&mut self) -> String {
        let mut modifier = self.one_of(&["", "-", "-", "-", ".", "_"]).to_owned();
        if self.percent(80) {
            modifier += self.one_of(WORDS);
            for _ in 0..self.below(3) {
                modifier += self.one_of(&["", ".", "-"]);
                modifier += &self.below(3).to_string();
            }
        }
        if self.percent(25) {
            modifier += self.one_of(&["-dev", "-dev", ".dev", "dev", "-DEV"]);
        }
        modifier
    }

    fn date(&mut self) -> String {
        let mut date = (2023 + self.below(3)).to_string();
        for _ in 0..=self.below(3) {
            date += self.one_of(&[".", "-", "", ":"]);
            date += self.one_of(&["01", "02", "12", "31"]);
        }
        if self.percent(20) {
            date += self.one_of(&[".", "-", ""]);
            date += &self.below(200).to_string();
        }
        date
    }

    fn plain_version(&mut self) -> String {
        let v = self.one_of(&["", "", "", "", "", "v", "V"]);
        let mut version = match self.below(20) {
            0 => return format!("dev-{}", self.one_of(BRANCHES)),
            1 if self.percent(30) => return self.one_of(BRANCHES).to_owned(),
            2 | 3 => v.to_owned() + &self.date(),
            4..6 => {
                return format!(
                    "{v}{}{}",
                    self.numbers(3),
                    self.one_of(&[".x-dev", ".X-dev", ".*-dev", "-dev", ".xdev"])
                );
            }
            6 => v.to_owned() + &self.numbers(5),
            _ => v.to_owned() + &self.numbers(4),
        };
        if self.percent(35) {
            version += &self.modifier();
        }
        if self.percent(5) {
            version += self.one_of(&["+build", "+1", "+a.b-c", "+"]);
        }
        version
    }

    fn decorated_version(&mut self) -> String {
        let mut version = self.plain_version();
        if self.percent(4) {
            version += self.one_of(&["#1a2b", "#", "#a#b"]);
        }
        if self.percent(8) {
            version = format!("{version}@{}", self.one_of(FLAGS));
        }
        if self.percent(4) {
            version = format!("{version}{}{}", self.one_of(&[" as ", " as ", "  as ", " as  "]), self.plain_version());
        }
        version
    }

    fn part(&mut self) -> String {
        match self.below(16) {
            0 => self.one_of(&["*", "x", "X", "v*", "*.*", "@dev", "@stable", "*@beta", "V.x"]).to_owned(),
            1..3 => {
                let operator = if self.percent(5) { self.one_of(OPERATORS) } else { "" };
                format!("{operator}{}{}", self.numbers(4), self.one_of(&[".*", ".x", ".X", ".*.*", ".*@dev"]))
            }
            3 | 4 => {
                let dash = self.one_of(&[" - ", " - ", " - ", " - ", " - ", " - ", " -  ", "  - ", " -", "- "]);
                format!("{}{dash}{}", self.plain_version(), self.plain_version())
            }
            _ => {
                let operator = self.one_of(OPERATORS);
                let blank = if self.percent(4) { self.one_of(&[" ", "  ", "\t"]) } else { "" };
                format!("{operator}{blank}{}", self.decorated_version())
            }
        }
    }

    /// A text that may have accidents, so many of a hundred.
    fn shaken(&mut self, text: String, share: usize) -> String {
        if !self.percent(share) {
            return text;
        }
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(3) {
            let at = self.below(chars.len() + 1);
            match self.below(4) {
                0 if at < chars.len() => {
                    chars.remove(at);
                }
                1 if at < chars.len() => chars.insert(at, chars[at]),
                2 if at + 1 < chars.len() => chars.swap(at, at + 1),
                _ => {
                    let accident = self.one_of(ACCIDENTS);
                    chars.splice(at..at, accident.chars());
                }
            }
        }
        chars.into_iter().collect()
    }

    /// Tries a few times until one is as wanted.
    pub(crate) fn until(&mut self, make: impl Fn(&mut Self) -> String, wanted: impl Fn(&String) -> bool) -> String {
        let mut text = make(self);
        for _ in 0..3 {
            if wanted(&text) {
                break;
            }
            text = make(self);
        }
        text
    }

    pub(crate) fn version(&mut self, shaken: usize) -> String {
        let version = self.decorated_version();
        self.shaken(version, shaken)
    }

    pub(crate) fn branch(&mut self) -> String {
        let name = match self.below(4) {
            0 => self.one_of(BRANCHES).to_owned(),
            1 => self.plain_version(),
            _ => {
                let wildcard = self.one_of(&["", ".x", ".X", ".*", ".x.1"]);
                format!("{}{}{wildcard}", self.one_of(&["", "", "v", "V"]), self.numbers(4))
            }
        };
        self.shaken(name, 40)
    }

    pub(crate) fn constraint(&mut self, shaken: usize) -> String {
        let mut constraint = self.part();
        while self.percent(35) {
            constraint += self.one_of(&["||", " || ", "|", " | ", " ", " ", " ", ",", ", ", " , ", "  "]);
            constraint += &self.part();
        }
        self.shaken(constraint, shaken)
    }
}
