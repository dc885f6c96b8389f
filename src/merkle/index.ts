export { Frontier, type GrownTile } from './frontier.ts';
export { emptyRoot, hashSize, leafHash, nodeHash, sameHash } from './hash.ts';
export { type Node, type Range, type ReadNodes, rootAt } from './nodes.ts';
export { consistencyProof, inclusionProof } from './proof.ts';
export {
  MissingTile,
  nodesFromTiles,
  type ReadTile,
  rightEdge,
  type TilePlace,
  tileHash,
  tileHeight,
  tileWidth,
  widthAt,
} from './tiles.ts';
export { type ConsistencyClaim, type InclusionClaim, isConsistent, isIncluded } from './verify.ts';
