//! Expressions.

use super::super::expr::{BinaryOp, Call, Expr, LikeOp, Moment, Quote, UnaryOp};
use super::DEPTH_MAX;
use super::select::{orderings, select_at};
use sqlite3_parser::ast::{
    Distinctness, Expr as Parsed, FunctionCallOrder, FunctionTail, LikeOperator, Literal, Operator, Type,
    TypeSize, UnaryOperator,
};

type Read<T> = Result<T, String>;

/// Our tree of the parser's.
pub(in crate::catalog) fn expr(parsed: &Parsed<'_>) -> Read<Expr> {
    at_depth(parsed, DEPTH_MAX)
}

fn boxed(parsed: &Parsed<'_>, depth: usize) -> Read<Box<Expr>> {
    at_depth(parsed, depth).map(Box::new)
}

fn all(parsed: &[Parsed<'_>], depth: usize) -> Read<Vec<Expr>> {
    parsed.iter().map(|one| at_depth(one, depth)).collect()
}

pub(super) fn at_depth(parsed: &Parsed<'_>, depth: usize) -> Read<Expr> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(Expr::Other("an expression nested too deep")) };
    let optional = |parsed: &Option<&Parsed<'_>>| parsed.map(|one| boxed(one, depth)).transpose();
    Ok(match parsed {
        Parsed::Between { lhs, not, start, end } => Expr::Between {
            operand: boxed(lhs, depth)?,
            not: *not,
            low: boxed(start, depth)?,
            high: boxed(end, depth)?,
        },
        Parsed::Binary(left, op, right) => {
            Expr::Binary(binary_op(*op), boxed(left, depth)?, boxed(right, depth)?)
        }
        Parsed::Case { base, when_then_pairs, else_expr } => Expr::Case {
            operand: optional(base)?,
            arms: when_then_pairs
                .iter()
                .map(|(when, then)| Ok((at_depth(when, depth)?, at_depth(then, depth)?)))
                .collect::<Read<_>>()?,
            otherwise: optional(else_expr)?,
        },
        Parsed::Cast { expr, type_name } => {
            let declared = type_name.as_ref().map(declared).unwrap_or_default();
            Expr::Cast { operand: boxed(expr, depth)?, declared }
        }
        Parsed::Collate(inner, name) => Expr::Collate(boxed(inner, depth)?, unquote(name).to_uppercase()),
        Parsed::DoublyQualified(..) => Expr::Other("a column with the name of a database"),
        Parsed::Exists(query) => Expr::Exists(Box::new(select_at(query, depth)?)),
        Parsed::FunctionCall { name, distinctness, args, order_by, filter_over } => {
            let call = call(name.0, filter_over.as_ref(), depth)?;
            let arguments = all(args.unwrap_or_default(), depth)?;
            Expr::Call(Box::new(with_arguments(call, *distinctness, arguments, order_by.as_ref(), depth)?))
        }
        Parsed::FunctionCallStar { name, filter_over } => {
            Expr::Call(Box::new(Call { star: true, ..call(name.0, filter_over.as_ref(), depth)? }))
        }
        Parsed::Id(id) => name(None, id.0),
        Parsed::Name(id) => name(None, id.0),
        Parsed::Qualified(table, column) => name(Some(unquote(table.0)), column.0),
        Parsed::InList { lhs, not, rhs } => {
            Expr::In { operand: boxed(lhs, depth)?, not: *not, list: all(rhs.unwrap_or_default(), depth)? }
        }
        Parsed::InSelect { lhs, not, rhs } => Expr::InSelect {
            operand: boxed(lhs, depth)?,
            not: *not,
            select: Box::new(select_at(rhs, depth)?),
        },
        Parsed::InTable { .. } => Expr::Other("IN with a table"),
        Parsed::IsNull(operand) => Expr::IsNull { operand: boxed(operand, depth)?, not: false },
        Parsed::NotNull(operand) => Expr::IsNull { operand: boxed(operand, depth)?, not: true },
        Parsed::Like { lhs, not, op, rhs, escape } => Expr::Like {
            operand: boxed(lhs, depth)?,
            not: *not,
            op: like_op(op),
            pattern: boxed(rhs, depth)?,
            escape: optional(escape)?,
        },
        Parsed::Literal(literal) => of_literal(literal),
        Parsed::Parenthesized(list) => match list.as_slice() {
            [one] => at_depth(one, depth)?,
            many => Expr::Row(all(many, depth)?),
        },
        Parsed::Raise(..) => Expr::Other("RAISE"),
        Parsed::Subquery(query) => Expr::Subquery(Box::new(select_at(query, depth)?)),
        Parsed::Unary(op, operand) => Expr::Unary(unary_op(op), boxed(operand, depth)?),
        Parsed::Variable(_) => Expr::Other("a parameter"),
    })
}

fn with_arguments(
    call: Call,
    distinctness: Option<Distinctness>,
    arguments: Vec<Expr>,
    order_by: Option<&FunctionCallOrder<'_>>,
    depth: usize,
) -> Read<Call> {
    let order_by = match order_by {
        None => Vec::new(),
        Some(FunctionCallOrder::SortList(list)) => orderings(list, depth)?,
    };
    let distinct = matches!(distinctness, Some(Distinctness::Distinct));
    Ok(Call { distinct, arguments, order_by, ..call })
}

fn call(name: &str, tail: Option<&FunctionTail<'_>>, depth: usize) -> Read<Call> {
    let filter = tail.and_then(|tail| tail.filter_clause).map(|filter| at_depth(filter, depth));
    Ok(Call {
        name: unquote(name).to_ascii_lowercase(),
        distinct: false,
        star: false,
        arguments: Vec::new(),
        order_by: Vec::new(),
        filter: filter.transpose()?,
        over: tail.is_some_and(|tail| tail.over_clause.is_some()),
    })
}

fn name(table: Option<String>, text: &str) -> Expr {
    let quote = match text.chars().next() {
        Some('"') => Quote::Double,
        Some('`') => Quote::Backtick,
        Some('[') => Quote::Bracket,
        // SQLite takes a text for a name where only a name can stand.
        _ => Quote::None,
    };
    Expr::Name { table, name: unquote(text), quote }
}

fn of_literal(literal: &Literal<'_>) -> Expr {
    match literal {
        Literal::Numeric(text) => Expr::Number((*text).to_owned()),
        Literal::String(text) => Expr::Text(unquote(text)),
        Literal::Blob(text) => blob(text).map_or(Expr::Other("a blob literal that is none"), Expr::Blob),
        Literal::Keyword(_) => Expr::Other("a keyword in place of a value"),
        Literal::Null => Expr::Null,
        Literal::CurrentDate => Expr::Moment(Moment::Date),
        Literal::CurrentTime => Expr::Moment(Moment::Time),
        Literal::CurrentTimestamp => Expr::Moment(Moment::Stamp),
    }
}

/// The bytes of `00ff`, with or without the `x'…'` around it.
fn blob(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_start_matches(['x', 'X']).trim_matches('\'');
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = digits.as_bytes().iter().map(digit).collect::<Option<_>>()?;
    (digits.len().is_multiple_of(2)).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn declared(parsed: &Type<'_>) -> String {
    match &parsed.size {
        None => parsed.name.to_owned(),
        Some(TypeSize::MaxSize(size)) => format!("{}({})", parsed.name, size.to_string().trim()),
        Some(TypeSize::TypeSize(size, scale)) => {
            format!("{}({},{})", parsed.name, size.to_string().trim(), scale.to_string().trim())
        }
    }
}

fn like_op(op: &LikeOperator) -> LikeOp {
    match op {
        LikeOperator::Glob => LikeOp::Glob,
        LikeOperator::Like => LikeOp::Like,
        LikeOperator::Match => LikeOp::Match,
        LikeOperator::Regexp => LikeOp::Regexp,
    }
}

fn unary_op(op: &UnaryOperator) -> UnaryOp {
    match op {
        UnaryOperator::BitwiseNot => UnaryOp::BitNot,
        UnaryOperator::Negative => UnaryOp::Minus,
        UnaryOperator::Not => UnaryOp::Not,
        UnaryOperator::Positive => UnaryOp::Plus,
    }
}

fn binary_op(op: Operator) -> BinaryOp {
    match op {
        Operator::Add => BinaryOp::Add,
        Operator::And => BinaryOp::And,
        Operator::ArrowRight => BinaryOp::Arrow,
        Operator::ArrowRightShift => BinaryOp::DoubleArrow,
        Operator::BitwiseAnd => BinaryOp::BitAnd,
        Operator::BitwiseOr => BinaryOp::BitOr,
        Operator::Concat => BinaryOp::Concat,
        Operator::Equals => BinaryOp::Eq,
        Operator::Divide => BinaryOp::Divide,
        Operator::Greater => BinaryOp::Gt,
        Operator::GreaterEquals => BinaryOp::Ge,
        Operator::Is => BinaryOp::Is,
        Operator::IsNot => BinaryOp::IsNot,
        Operator::LeftShift => BinaryOp::ShiftLeft,
        Operator::Less => BinaryOp::Lt,
        Operator::LessEquals => BinaryOp::Le,
        Operator::Modulus => BinaryOp::Modulo,
        Operator::Multiply => BinaryOp::Multiply,
        Operator::NotEquals => BinaryOp::Ne,
        Operator::Or => BinaryOp::Or,
        Operator::RightShift => BinaryOp::ShiftRight,
        Operator::Subtract => BinaryOp::Subtract,
    }
}

/// A name without its quotes, of whichever of SQLite's four styles.
pub(in crate::catalog) fn unquote(name: &str) -> String {
    let Some(first) = name.chars().next() else { return String::new() };
    let close = match first {
        '"' | '`' | '\'' => first,
        '[' => ']',
        _ => return name.to_owned(),
    };
    let inner = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(close)).unwrap_or(name);
    // A name in brackets ends at the first one that closes, so there is nothing doubled in it.
    if first == '[' {
        inner.to_owned()
    } else {
        inner.replace(&format!("{close}{close}"), &close.to_string())
    }
}
