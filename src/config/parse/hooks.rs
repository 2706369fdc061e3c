//! `[hooks]`: `before = [{command = ["systemctl", "stop", "app"], timeout = "60s"}, {sql = "…"}]`, and the like.

use super::{Key, Reader, Value};
use crate::config::around::{Hook, HookAction, HookPoint, Hooks};
use crate::config::nearest::suggestion;
use toml::de::DeValue;

const KEYS: [&str; 4] = ["command", "sql", "sql_file", "timeout"];

impl Reader<'_> {
    pub(super) fn hooks(&mut self, value: &Value<'_>, hooks: &mut Hooks) {
        for (key, value) in self.entries(value, "hooks") {
            let name = key.get_ref().as_ref();
            match HookPoint::ALL.into_iter().find(|point| point.name() == name) {
                Some(point) => *hooks.at_mut(point) = self.hooks_of(key, value),
                None => {
                    let hint = suggestion(name, HookPoint::ALL.map(HookPoint::name));
                    self.mistake(key.span().start, format!("unknown key `{name}` of hooks{hint}"));
                }
            }
        }
    }

    /// An array of hooks, or one.
    fn hooks_of(&mut self, key: &Key<'_>, value: &Value<'_>) -> Vec<Hook> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|item| self.hook(key, item)).collect(),
            _ => self.hook(key, value).into_iter().collect(),
        }
    }

    fn hook(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Hook> {
        let DeValue::Table(_) = value.get_ref() else {
            return self.wrong(
                key,
                value,
                "{command = …} or {sql = …}, or an array of them",
                value.get_ref(),
            );
        };
        let told = self.mistakes.len();
        let (mut actions, mut timeout) = (Vec::new(), None);
        for (key, value) in self.entries(value, "a hook") {
            match key.get_ref().as_ref() {
                "command" => actions.extend(self.command(key, value)),
                "sql" => actions.extend(self.filled(key, value).map(HookAction::Sql)),
                "sql_file" => actions.extend(self.filled(key, value).map(HookAction::SqlFile)),
                "timeout" => timeout = self.timeout(key, value),
                other => {
                    let message = format!("unknown key `{other}` of a hook{}", suggestion(other, KEYS));
                    self.mistake(key.span().start, message);
                }
            }
        }
        if actions.len() != 1 && self.mistakes.len() == told {
            let message = "a hook needs exactly one of `command`, `sql` and `sql_file`".to_owned();
            self.mistake(value.span().start, message);
        }
        Some(Hook { action: actions.pop()?, timeout })
    }

    fn command(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<HookAction> {
        let DeValue::Array(words) = value.get_ref() else {
            return self.filled(key, value).map(HookAction::Shell);
        };
        let words: Vec<String> = words.iter().map(|word| self.string(key, word)).collect::<Option<_>>()?;
        if words.first().is_none_or(String::is_empty) || words.iter().any(|word| word.contains('\0')) {
            let message = "`command` must name a program, and hold no NUL".to_owned();
            self.mistake(value.span().start, message);
            return None;
        }
        Some(HookAction::Program(words))
    }

    fn filled(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<String> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            other => return self.wrong(key, value, "a text, or an array of texts", other),
        };
        if text.trim().is_empty() || text.contains('\0') {
            self.mistake(value.span().start, format!("`{}` is empty, or holds a NUL", key.get_ref()));
            return None;
        }
        Some(text)
    }

    fn timeout(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<std::time::Duration> {
        let time = self.duration(key, value)?;
        if time.is_zero() {
            let message = "`timeout` must be longer than 0".to_owned();
            self.mistake(value.span().start, message);
            return None;
        }
        Some(time)
    }
}
