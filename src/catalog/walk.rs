//! Walks over expressions: which names one mentions.

use super::expr::{Expr, Quote};

/// Calls `each` with the expression and everything within it, parents first. Queries within it are not entered: whoever
/// walks is told of them as of one expression.
pub fn walk<'a>(expr: &'a Expr, each: &mut impl FnMut(&'a Expr)) {
    each(expr);
    for part in parts(expr) {
        walk(part, each);
    }
}

fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Unary(_, a) | Expr::Collate(a, _) => vec![a],
        Expr::Binary(_, a, b) => vec![a, b],
        Expr::Between { operand, low, high, .. } => vec![operand, low, high],
        Expr::In { operand, list, .. } => std::iter::once(&**operand).chain(list).collect(),
        Expr::InSelect { operand, .. } | Expr::IsNull { operand, .. } | Expr::Cast { operand, .. } => {
            vec![operand]
        }
        Expr::Like { operand, pattern, escape, .. } => {
            [operand, pattern].into_iter().chain(escape).map(|part| &**part).collect()
        }
        Expr::Case { operand, arms, otherwise } => {
            let ends = operand.iter().chain(otherwise).map(|part| &**part);
            ends.chain(arms.iter().flat_map(|(when, then)| [when, then])).collect()
        }
        Expr::Call(call) => {
            let ordered = call.order_by.iter().map(|ordering| &ordering.expr);
            call.arguments.iter().chain(ordered).chain(&call.filter).collect()
        }
        Expr::Row(parts) => parts.iter().collect(),
        Expr::Null | Expr::Number(_) | Expr::Text(_) | Expr::Blob(_) | Expr::Moment(_) => Vec::new(),
        Expr::Name { .. } | Expr::Exists(_) | Expr::Subquery(_) | Expr::Other(_) => Vec::new(),
    }
}

impl Expr {
    /// The expression with something else in place of every name for which `find` has it. Queries within it stay as they
    /// are.
    pub fn replace_names(mut self, find: &mut impl FnMut(&str) -> Option<Expr>) -> Expr {
        if let Expr::Name { name, .. } = &self
            && let Some(other) = find(name)
        {
            return other;
        }
        for part in parts_mut(&mut self) {
            *part = std::mem::replace(part, Expr::Null).replace_names(find);
        }
        self
    }
}

fn parts_mut(expr: &mut Expr) -> Vec<&mut Expr> {
    match expr {
        Expr::Unary(_, a) | Expr::Collate(a, _) => vec![a],
        Expr::Binary(_, a, b) => vec![a, b],
        Expr::Between { operand, low, high, .. } => vec![operand, low, high],
        Expr::In { operand, list, .. } => std::iter::once(&mut **operand).chain(list).collect(),
        Expr::InSelect { operand, .. } | Expr::IsNull { operand, .. } | Expr::Cast { operand, .. } => {
            vec![operand]
        }
        Expr::Like { operand, pattern, escape, .. } => {
            [operand, pattern].into_iter().chain(escape).map(|part| &mut **part).collect()
        }
        Expr::Case { operand, arms, otherwise } => {
            let ends = operand.iter_mut().chain(otherwise).map(|part| &mut **part);
            ends.chain(arms.iter_mut().flat_map(|(when, then)| [when, then])).collect()
        }
        Expr::Call(call) => {
            let call = &mut **call;
            let ordered = call.order_by.iter_mut().map(|ordering| &mut ordering.expr);
            call.arguments.iter_mut().chain(ordered).chain(&mut call.filter).collect()
        }
        Expr::Row(parts) => parts.iter_mut().collect(),
        _ => Vec::new(),
    }
}

/// The names in an expression, each as often as it stands there: a name in double quotes may be a text.
pub fn names(expr: &Expr) -> Vec<(&str, Quote)> {
    let mut found = Vec::new();
    walk(expr, &mut |part| {
        if let Expr::Name { name, quote, .. } = part {
            found.push((name.as_str(), *quote));
        }
    });
    found
}

/// Whether the expression mentions something of that name.
pub fn mentions(expr: &Expr, name: &str) -> bool {
    names(expr).iter().any(|(found, _)| found.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::super::read::expression;
    use super::*;

    #[test]
    fn every_name_is_found_wherever_it_stands() {
        let text = "CASE a WHEN b THEN c ELSE -d END IN (e, \"f\") AND g LIKE h ESCAPE i OR j BETWEEN k AND l \
                    AND CAST(m AS TEXT) COLLATE NOCASE IS NOT NULL AND n ISNULL AND max(o, p) > (q, r)";
        let expr = expression(text).unwrap();
        let mut found: Vec<&str> = names(&expr).into_iter().map(|(name, _)| name).collect();
        found.sort_unstable();
        let expected: Vec<String> = ('a'..='r').map(String::from).collect();
        assert_eq!(found, expected);
        assert!(mentions(&expr, "F") && !mentions(&expr, "z"));
        let one = expr.replace_names(&mut |name| (name < "r").then(|| Expr::name("x")));
        let found: Vec<&str> = names(&one).into_iter().map(|(name, _)| name).collect();
        assert_eq!((found.len(), found.iter().filter(|name| **name == "x").count()), (18, 17));
    }
}
