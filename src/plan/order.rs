//! Dependency order: parents before children; tables of a cycle stand together (semantics.md §3.5).

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// Orders `count` tables by their `(child, parent)` pairs. Ties keep the order given. Returns the order and the
/// cycles of more than one table; a table that refers to itself is no cycle.
pub fn dependency_order(count: usize, edges: &[(usize, usize)]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut graph = DiGraph::<usize, ()>::new();
    // Nodes go in backwards, and so do edges, because Tarjan's walk visits the latest first: ties then come out as given.
    let nodes: Vec<NodeIndex> = (0..count).map(|table| graph.add_node(table)).collect();
    for (child, parent) in edges.iter().rev().filter(|(child, parent)| child != parent) {
        graph.update_edge(nodes[*child], nodes[*parent], ());
    }
    let mut order = Vec::with_capacity(count);
    let mut cycles = Vec::new();
    for mut component in tarjan_scc(&graph) {
        component.sort_unstable();
        let tables: Vec<usize> = component.into_iter().map(|node| graph[node]).collect();
        if tables.len() > 1 {
            cycles.push(tables.clone());
        }
        order.extend(tables);
    }
    (order, cycles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(order: &[usize], table: usize) -> usize {
        order.iter().position(|t| *t == table).unwrap()
    }

    #[test]
    fn parents_come_first() {
        let (order, cycles) = dependency_order(4, &[(0, 1), (1, 2), (3, 3)]);
        assert!(position(&order, 2) < position(&order, 1) && position(&order, 1) < position(&order, 0));
        assert!(cycles.is_empty());
        assert_eq!(order.len(), 4);
    }

    #[test]
    fn cycles_are_named_and_do_not_stop_the_order() {
        let (order, cycles) = dependency_order(4, &[(0, 1), (1, 0), (2, 0), (0, 3)]);
        assert_eq!(cycles, [vec![0, 1]]);
        assert!(position(&order, 3) < position(&order, 0) && position(&order, 0) < position(&order, 2));
    }
}
