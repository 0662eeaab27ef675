// One edge: a smooth step with an insert and a remove button while the pointer or the selection is on it.
import { BaseEdge, EdgeLabelRenderer, getSmoothStepPath, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import * as edits from "../core/edits";
import { t } from "../core/texts";
import { Icon, number, useEditor } from "./common";

export const EdgeLine = memo(function EdgeLine(props: EdgeProps) {
  const { id, source, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, selected, markerEnd } = props;
  const editor = useEditor();
  const [from, to] = editor.use((state) => {
    const prefix = state.level.map((part) => `${part}/`).join("");
    return [state.overlay.nodes[prefix + source], state.overlay.nodes[prefix + props.target]] as const;
  });
  const data = props.data as { when?: string; error?: boolean; hover?: boolean } | undefined;
  const [path, x, y] = getSmoothStepPath({ sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition, borderRadius: 10 });
  const state = to?.state === "running" ? "running" : to?.state === "skipped" ? "skipped" : from?.state === "handled" && data?.error ? "handled" : from?.state === "succeeded" && to ? "succeeded" : "idle";
  const label = (selected || data?.hover) && editor.setup.may.edit ? (
    <span className="ed-edge-tools">
      <button type="button" aria-label={t("insert_node")} title={t("insert_node")} onClick={() => editor.store.set({ picker: { edge: id }, panel: "add" })}><Icon name="plus" /></button>
      <button type="button" aria-label={t("remove_edge")} title={t("remove_edge")} onClick={() => editor.edit(t("did_disconnect"), (graph) => edits.removeEdges(graph, [id]))}><Icon name="trash" /></button>
    </span>
  ) : data?.when ? <span className="ed-pill mono">{data.when}</span>
    : from?.count !== undefined && from.state === "succeeded"
      ? <button type="button" className="ed-pill" title={t("edge_data")} onClick={() => editor.showData(source)}>{number(from.count)}</button> : null;
  return (
    <>
      <BaseEdge id={id} path={path} markerEnd={markerEnd} interactionWidth={16} className="ed-edge" data-state={state} data-error={data?.error || undefined} />
      {label && (
        <EdgeLabelRenderer>
          <div className="ed-edge-label nodrag nopan" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>{label}</div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
