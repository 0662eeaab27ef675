// One edge: a smooth step with an insert and a remove button while the pointer or the selection is on it.
import { BaseEdge, EdgeLabelRenderer, getSmoothStepPath, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import * as edits from "../core/edits";
import { t } from "../core/texts";
import { Icon, number, useEditor } from "./common";

export const EdgeLine = memo(function EdgeLine(props: EdgeProps) {
  const { id, source, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, selected, markerEnd } = props;
  const editor = useEditor();
  const prefix = editor.use((state) => state.level.map((part) => `${part}/`).join(""));
  const from = editor.use((state) => state.overlay.nodes[prefix + source]);
  const to = editor.use((state) => state.overlay.nodes[prefix + props.target]);
  const data = props.data as { when?: string; error?: boolean; hover?: boolean } | undefined;
  const [path, x, y] = getSmoothStepPath({ sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition, borderRadius: 10 });
  const state = to?.state === "running" ? "running" : to?.state === "skipped" ? "skipped" : from?.state === "handled" && data?.error ? "handled" : from?.state === "succeeded" && to ? "succeeded" : "idle";
  return (
    <>
      <BaseEdge id={id} path={path} markerEnd={markerEnd} interactionWidth={16} className="ed-edge" data-state={state} data-error={data?.error || undefined} />
      <EdgeLabelRenderer>
        <div className="ed-edge-label nodrag nopan" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
          {(selected || data?.hover) && editor.setup.may.edit ? (
            <span className="ed-edge-tools">
              <button type="button" aria-label={t("insert_node")} title={t("insert_node")} onClick={() => editor.store.set({ picker: { edge: id }, panel: "add" })}><Icon name="plus" /></button>
              <button type="button" aria-label={t("remove_edge")} title={t("remove_edge")} onClick={() => editor.edit(t("did_disconnect"), (graph) => edits.removeEdges(graph, [id]))}><Icon name="trash" /></button>
            </span>
          ) : data?.when ? <span className="ed-pill mono">{data.when}</span>
            : from?.count !== undefined && from.state === "succeeded" ? <span className="ed-pill">{number(from.count)}</span> : null}
        </div>
      </EdgeLabelRenderer>
    </>
  );
});
