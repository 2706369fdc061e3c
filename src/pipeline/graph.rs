//! Work with an order: a node can be taken once all that it waits for has ended; of several, the heaviest.
//!
//! Several workers take from one graph, so that no core idles at the end of one phase while another could begin.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A graph that is being drawn. A node waits for earlier ones only, so it has no cycle.
#[derive(Debug)]
pub(super) struct Drawing<T>(Vec<Node<T>>);

#[derive(Debug)]
struct Node<T> {
    work: Option<T>,
    weight: u64,
    waits_for: usize,
    then: Vec<usize>,
}

impl<T> Drawing<T> {
    pub(super) fn new() -> Drawing<T> {
        Drawing(Vec::new())
    }

    /// Adds `work` that waits for the nodes `after`; gives its number.
    pub(super) fn add(&mut self, work: T, weight: u64, after: &[usize]) -> usize {
        let number = self.0.len();
        let after: BTreeSet<usize> = after.iter().copied().filter(|earlier| *earlier < number).collect();
        after.iter().for_each(|earlier| self.0[*earlier].then.push(number));
        self.0.push(Node { work: Some(work), weight, waits_for: after.len(), then: Vec::new() });
        number
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What is to be done, in the order in which it was drawn.
    pub(super) fn work(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(|node| node.work.as_ref())
    }
}

/// A graph that is being worked on.
#[derive(Debug)]
pub(super) struct Graph<T> {
    state: Mutex<State<T>>,
    changed: Notify,
}

#[derive(Debug)]
struct State<T> {
    nodes: Vec<Node<T>>,
    /// heaviest first, then the order in which they were drawn
    ready: BTreeSet<(Reverse<u64>, usize)>,
    running: usize,
}

/// A node that a worker has taken; it ends when this is dropped, in whatever way.
#[derive(Debug)]
pub(super) struct Taken<T> {
    graph: Arc<Graph<T>>,
    number: usize,
    is_given_back: bool,
}

impl<T> Graph<T> {
    pub(super) fn new(drawing: Drawing<T>) -> Graph<T> {
        let nodes = drawing.0;
        let free = nodes.iter().enumerate().filter(|(_, node)| node.waits_for == 0);
        let ready = free.map(|(number, node)| (Reverse(node.weight), number)).collect();
        Graph { state: Mutex::new(State { nodes, ready, running: 0 }), changed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next node, once there is one; none when all have ended or [`Graph::close`] was called.
    pub(super) async fn take(self: &Arc<Self>) -> Option<(Taken<T>, T)> {
        loop {
            let changed = self.changed.notified();
            match self.take_now() {
                Next::Node(number, work) => {
                    return Some((Taken { graph: Arc::clone(self), number, is_given_back: false }, work));
                }
                Next::Nothing => return None,
                Next::Later => changed.await,
            }
        }
    }

    fn take_now(&self) -> Next<T> {
        let mut state = self.state();
        let Some((_, number)) = state.ready.pop_first() else {
            return if state.running == 0 { Next::Nothing } else { Next::Later };
        };
        match state.nodes[number].work.take() {
            Some(work) => {
                state.running += 1;
                Next::Node(number, work)
            }
            None => Next::Nothing,
        }
    }

    /// Nodes that are being worked on or could be: 1 for a worker that is alone.
    pub(super) fn busy(&self) -> usize {
        let state = self.state();
        state.running + state.ready.len()
    }

    /// Whether a node could be taken now.
    #[cfg(test)]
    pub(super) fn has_ready(&self) -> bool {
        !self.state().ready.is_empty()
    }

    /// Leaves nothing to take.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.ready.clear();
        state.nodes.iter_mut().for_each(|node| node.then.clear());
        drop(state);
        self.changed.notify_waiters();
    }

    fn given_back(&self, number: usize, work: T) {
        let mut state = self.state();
        state.running -= 1;
        let node = &mut state.nodes[number];
        node.work = Some(work);
        let weight = Reverse(node.weight);
        state.ready.insert((weight, number));
        drop(state);
        self.changed.notify_waiters();
    }

    fn ended(&self, number: usize) {
        let mut state = self.state();
        state.running -= 1;
        for next in std::mem::take(&mut state.nodes[number].then) {
            state.nodes[next].waits_for -= 1;
            if state.nodes[next].waits_for == 0 {
                let weight = Reverse(state.nodes[next].weight);
                state.ready.insert((weight, next));
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }
}

enum Next<T> {
    Node(usize, T),
    Later,
    Nothing,
}

impl<T> Taken<T> {
    /// Gives back what is left of the work, for another worker to take.
    pub(super) fn give_back(mut self, work: T) {
        self.is_given_back = true;
        self.graph.given_back(self.number, work);
    }
}

impl<T> Drop for Taken<T> {
    fn drop(&mut self) {
        if !self.is_given_back {
            self.graph.ended(self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_heaviest_that_is_ready_comes_first() {
        let mut drawing = Drawing::new();
        let light = drawing.add("light", 1, &[]);
        let heavy = drawing.add("heavy", 9, &[]);
        drawing.add("after light", 100, &[light]);
        drawing.add("after both", 5, &[light, heavy, heavy]);
        assert_eq!((drawing.len(), drawing.work().count()), (4, 4));
        let graph = Arc::new(Graph::new(drawing));
        let mut seen = Vec::new();
        while let Some((_taken, work)) = graph.take().await {
            seen.push(work);
        }
        assert_eq!(seen, ["heavy", "light", "after light", "after both"]);
    }

    #[tokio::test]
    async fn a_worker_waits_for_what_another_is_at() {
        let mut drawing = Drawing::new();
        let first = drawing.add("first", 1, &[]);
        drawing.add("second", 1, &[first]);
        let graph = Arc::new(Graph::new(drawing));
        let (taken, _) = graph.take().await.unwrap();
        assert_eq!(graph.busy(), 1);
        let waiting = tokio::spawn({
            let graph = Arc::clone(&graph);
            async move { graph.take().await.map(|(_, work)| work) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(taken);
        assert_eq!(waiting.await.unwrap(), Some("second"));
    }

    #[tokio::test]
    async fn work_that_is_given_back_is_taken_again_and_holds_up_what_waits_for_it() {
        let mut drawing = Drawing::new();
        let first = drawing.add("first", 1, &[]);
        drawing.add("second", 1, &[first]);
        let graph = Arc::new(Graph::new(drawing));
        let (taken, _) = graph.take().await.unwrap();
        taken.give_back("the rest of the first");
        let (taken, work) = graph.take().await.unwrap();
        assert_eq!((work, graph.has_ready()), ("the rest of the first", false));
        drop(taken);
        assert_eq!(graph.take().await.unwrap().1, "second");
    }

    #[tokio::test]
    async fn work_that_panics_holds_nobody_up_and_a_closed_graph_gives_nothing() {
        let mut drawing = Drawing::new();
        let first = drawing.add("first", 1, &[]);
        let second = drawing.add("second", 1, &[first]);
        drawing.add("third", 1, &[second]);
        let graph = Arc::new(Graph::new(drawing));
        let worker = tokio::spawn({
            let graph = Arc::clone(&graph);
            async move {
                let _taken = graph.take().await;
                panic!("planted");
            }
        });
        assert!(worker.await.is_err());
        let (taken, work) = graph.take().await.unwrap();
        assert_eq!(work, "second");
        graph.close();
        drop(taken);
        assert!(graph.take().await.is_none());
    }
}
