/** Where the editor keeps a node: the keys of its table of outputs. */

/** The node at "7", or at "<subgraph>:7"; undefined where it is gone. */
export function nodeAt(graph, place) {
  const [id, subgraph] = place.split(":").reverse();
  const home = subgraph ? graph.subgraphs?.get(subgraph) : graph;
  return home?.getNodeById(id) ?? undefined;
}
