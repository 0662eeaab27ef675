// Every text of the canvas in both languages: the type makes a missing one an error.
import { NOTES } from "./notes";
import { WORDS } from "./words";

const TEXTS = {
  ...NOTES,
  ...WORDS,
  // Words
  add_input: ["Add an input", "입력 추가"], add_item: ["Add", "추가"], add_node: ["Add a node", "노드 추가"], add_output: ["Add an output", "출력 추가"],
  advanced: ["Advanced (%s)", "고급 설정 (%s)"], any: ["anything", "무엇이든"], bytes: ["%s characters", "%s자"], cancel: ["Cancel", "취소"],
  canvas: ["Canvas", "캔버스"], choose: ["Choose…", "선택…"], close: ["Close", "닫기"], connect: ["Connect", "연결하기"], connection: ["Connection", "연결 계정"],
  copy: ["Copy", "복사"], cut: ["Cut", "잘라내기"], default_is: ["Default: %s", "기본값: %s"], default_value: ["Default", "기본값"], delete: ["Delete", "삭제"],
  deploy: ["Deploy", "배포"], deployed: ["Deployed", "배포했습니다"], description: ["Description", "설명"],
  dock: ["Log, data and issues", "로그, 데이터, 문제"], dock_data: ["Data", "데이터"], dock_issues: ["Issues", "문제"], dock_log: ["Log", "로그"],
  duplicate: ["Duplicate", "복제"], favourite: ["Favourite", "즐겨찾기"], fit: ["Fit to screen", "화면에 맞추기"], follow: ["Follow", "따라가기"], form: ["Form", "양식"],
  found: ["Found", "검색 결과"], input: ["Input", "입력"], inputs: ["Inputs", "입력"], inputs_outputs: ["Inputs & outputs", "입력과 출력"], inspector: ["Inspector", "속성"],
  insert_node: ["Insert a node here", "여기에 노드 넣기"], key: ["Key", "키"], latest_runs: ["Latest runs", "최근 실행"], level: ["Level", "수준"], loading: ["Loading", "불러오는 중"],
  merge: ["Merge both", "둘 다 합치기"], name: ["Name", "이름"], no: ["No", "아니요"], node_name: ["Name of the node", "노드 이름"],
  nodes: ["Nodes", "노드"], none: ["None", "없음"], note: ["Note", "메모"], notes: ["Notes", "메모"], off: ["Turned off", "꺼짐"], open_run: ["Open the run", "실행 열기"],
  optional: ["optional", "선택"], outline: ["Outline", "개요"], output: ["Output", "출력"], output_schema: ["Output schema", "출력 스키마"],
  paste: ["Paste", "붙여넣기"], port: ["Port", "출구"], record: ["record", "레코드"], list_of: ["list of %s", "목록 %s개"], redo: ["Redo", "다시 실행"], reload: ["Load again", "다시 불러오기"],
  reliability: ["Reliability", "안정성"], remove_edge: ["Remove this connection", "이 연결선 지우기"], remove_item: ["Remove item %s", "항목 %s 지우기"], rename: ["Rename", "이름 바꾸기"],
  required: ["required", "필수"], restore: ["Restore", "되돌리기"], run: ["Run", "실행"], run_draft: ["Run the draft", "초안 실행"], select_all: ["Select all", "모두 선택"], server: ["Server", "서버"],
  settings: ["Settings", "설정"], show: ["Show", "보기"], stop: ["Stop", "중지"], table: ["Table", "표"], tools: ["Tools", "도구"], type: ["Type", "형식"],
  undo: ["Undo", "실행 취소"], value: ["Value", "값"], variables: ["Variables", "변수"], versions: ["Versions & runs", "버전과 실행"], view: ["View", "보기"], yes: ["Yes", "예"],
  zoom_in: ["Zoom in", "확대"], zoom_out: ["Zoom out", "축소"], actual_size: ["100 %", "100%"], approve: ["Approve", "승인"], reject: ["Reject", "거절"], arrange: ["Arrange automatically", "자동 정렬"], all_keys: ["All keys", "모든 단축키"],
  next_region: ["Next region", "다음 영역"], move_selection: ["Move the selection", "선택 항목 옮기기"], search_canvas: ["Find a node", "노드 찾기"], level_path: ["Level", "단계"],
  type_string: ["Text", "텍스트"], type_integer: ["Whole number", "정수"], type_number: ["Number", "숫자"], type_boolean: ["Yes or no", "예/아니요"], type_array: ["List", "목록"], type_object: ["Record", "레코드"],
  group_sources: ["Sources", "데이터 소스"], group_flow: ["Logic", "흐름"], group_transform: ["Transform", "변환"], group_forecast: ["Forecast", "예측"], group_web: ["Web", "웹"],
  group_apps: ["Apps", "앱"], group_tools: ["Tools", "도구"], group_recent: ["Recent", "최근 사용"], group_favourites: ["Favourites", "즐겨찾기"],
  // States
  state_idle: ["Idle", "대기"], state_queued: ["Queued", "대기열"], state_running: ["Running", "실행 중"], state_succeeded: ["Succeeded", "성공"], state_retrying: ["Retrying", "재시도 중"],
  state_failed: ["Failed", "실패"], state_handled: ["Handled error", "처리된 오류"], state_waiting: ["Waiting for a person", "사람을 기다림"], state_skipped: ["Skipped", "건너뜀"], state_cancelled: ["Cancelled", "취소됨"],
  save_saved: ["Saved %s", "저장됨 %s"], save_changed: ["Not saved yet", "저장 전"], save_saving: ["Saving…", "저장 중…"], save_offline: ["Offline, will retry", "오프라인, 다시 시도합니다"],
  save_conflict: ["Changed elsewhere", "다른 곳에서 바뀜"], save_refused: ["Not saved: see the hint", "저장 못 함: 설명 보기"], stale: ["Changed since the last run", "마지막 실행 뒤 바뀜"],
  ms: ["%s ms", "%sms"], seconds: ["%s s", "%s초"], level_debug: ["debug", "디버그"], level_info: ["info", "정보"], level_warning: ["warning", "경고"], level_error: ["error", "오류"], all_levels: ["All levels", "모든 수준"],
  ev_run_started: ["The run started", "실행을 시작했습니다"], ev_run_succeeded: ["The run succeeded", "실행에 성공했습니다"], ev_run_failed: ["The run failed", "실행에 실패했습니다"],
  ev_run_cancelled: ["The run was stopped", "실행을 중지했습니다"], ev_run_waiting: ["The run waits", "실행이 기다립니다"], ev_node_started: ["started", "시작"], ev_node_succeeded: ["succeeded", "성공"],
  ev_node_failed: ["failed", "실패"], ev_node_retrying: ["tries again", "다시 시도"], ev_node_skipped: ["skipped", "건너뜀"], ev_node_handled: ["error handled", "오류 처리됨"], ev_node_waiting: ["waits", "기다림"], ev_node_progress: ["progress", "진행 중"],
  // Reliability
  attempts: ["Attempts", "시도 횟수"], retries: ["Retries", "재시도"], retry_delay: ["First wait, seconds", "첫 대기(초)"], timeout: ["Time limit, seconds", "제한 시간(초)"], cache: ["Keep the result, seconds", "결과 보관(초)"],
  cached: ["Result is kept", "결과를 보관함"], on_error: ["When it fails", "실패하면"], policy_stop: ["Stop the run", "실행을 멈춤"], policy_default: ["Go on with a default value", "기본값으로 계속"],
  policy_branch: ["Take the error branch", "오류 가지로 진행"], turned_off: ["Turned off: data passes through", "끄기: 데이터가 그대로 지나감"],
  // Sentences
  both_changed: ["both", "양쪽"], conflict_text: ["%s saved this workflow while you were editing. Nothing has been overwritten.", "편집하는 동안 %s 님이 이 워크플로를 저장했습니다. 덮어쓴 것은 없습니다."],
  conflict_title: ["Changed by two people", "두 사람이 함께 바꿨습니다"], connected_from: ["connected from %s", "%s에서 이어짐"], connecting_from: ["Connecting from %s, port %s. Choose a target and press Enter.", "%s의 %s 출구에서 연결합니다. 대상을 골라 Enter를 누르세요."],
  description_help: ["Models read this to fill the value in.", "모델이 이 설명을 읽고 값을 채웁니다."], disconnect_from: ["Disconnect from %s", "%s와의 연결 끊기"], edge_label: ["From %s to %s", "%s에서 %s로"],
  edge_when: ["Only when", "조건"], edge_when_help: ["An expression. Empty: always.", "식을 적습니다. 비우면 언제나 지나갑니다."], empty_canvas: ["Pick one from the list, or press N and type.", "목록에서 고르거나 N을 누르고 입력하세요."],
  first_rows: ["First %s of %s rows", "전체 %2$s행 중 처음 %1$s행"], fix_issue: ["Fix 1 issue", "문제 1개 고치기"], fix_issues: ["Fix %s issues", "문제 %s개 고치기"],
  from_last_run: ["Last run", "마지막 실행"], fx_help: ["Use an expression", "식 쓰기"], fx_of: ["Expression for %s", "%s에 식 쓰기"], has_issues: ["Has issues", "문제가 있음"],
  inputs_help: ["What a caller gives. Becomes the input schema of the tool.", "호출자가 주는 값입니다. 도구의 입력 스키마가 됩니다."], issue_one: ["1 issue", "문제 1개"], issue_count: ["%s issues", "문제 %s개"], item_of_body: ["This item", "이번 항목"],
  json_or_text: ["JSON or text", "JSON 또는 텍스트"], link_lost: ["Connection lost, trying again", "연결이 끊겨 다시 잇는 중"],
  many_selected: ["%s nodes are selected.", "노드 %s개를 선택했습니다."], merge_both: ["Where both changed the same thing, your version is taken. You can undo the merge.", "양쪽이 바꾼 곳은 내 것을 씁니다. 합치기는 실행 취소할 수 있습니다."],
  merge_clean: ["The changes touch different things and can be merged safely.", "서로 다른 곳을 바꿔서 안전하게 합칠 수 있습니다."], no_changes: ["No changes", "바뀐 것 없음"], no_data_yet: ["No data yet. Run the workflow to see what passes here.", "아직 데이터가 없습니다. 실행하면 지나간 값이 보입니다."],
  no_inputs: ["This workflow takes no input.", "이 워크플로는 입력이 없습니다."], no_issues: ["No issues", "문제 없음"], no_ports: ["This node ends the run: nothing can follow it.", "이 노드에서 실행이 끝나 뒤에 이을 수 없습니다."], no_run_yet: ["No run yet.", "아직 실행이 없습니다."],
  no_settings: ["This node has no settings.", "이 노드에는 설정이 없습니다."], no_variables: ["Connect a node before this one, or add an input.", "앞에 노드를 잇거나 입력을 추가하세요."], no_versions: ["A version is made when you deploy.", "배포하면 버전이 생깁니다."],
  not_saved_yet: ["The draft could not be saved. Look at the save state above.", "초안을 저장하지 못했습니다. 위의 저장 상태를 보세요."], nothing_found: ["Nothing found.", "찾은 것이 없습니다."], open_body: ["Body · %s", "본문 · %s"],
  outline_help: ["Arrows walk, Enter opens, C connects, Alt+arrows reorder.", "화살표로 이동, Enter로 열기, C로 연결, Alt+화살표로 순서 바꾸기."], outline_joining: ["Choose the target with the arrows and press Enter. C again changes the port, Escape ends.", "화살표로 대상을 골라 Enter를 누르세요. C는 출구 변경, Esc는 취소입니다."],
  output_help: ["What the caller gets. Empty: the results of the last nodes.", "호출자가 받는 값입니다. 비우면 마지막 노드들의 결과입니다."], picking_after: ["Shows what fits after this port.", "이 출구 뒤에 올 수 있는 것만 보입니다."], picking_edge: ["The new node goes into the connection.", "새 노드가 연결선 중간에 들어갑니다."],
  read_only: ["You may look at this workflow, not change it.", "이 워크플로는 볼 수만 있습니다."], read_only_short: ["Read only", "읽기 전용"], run_ended: ["Run ended: %s", "실행 끝: %s"], search_log: ["Search the log", "로그 검색"], search_nodes: ["Search nodes", "노드 검색"],
  search_variables: ["Search variables", "변수 검색"], somebody: ["Somebody", "다른 사람"], starts_here: ["starts here", "여기서 시작"], take_theirs: ["Take theirs", "상대 것 쓰기"], their_changes: ["Changes by %s", "%s 님이 바꾼 것"], your_changes: ["Your changes", "내가 바꾼 것"],
  unknown_action: ["There is no action %s. Replace this node.", "%s 동작이 없습니다. 이 노드를 바꾸세요."], whole_workflow: ["Workflow", "워크플로"], workspace_connection: ["The workspace's connection", "워크스페이스의 연결 계정"],
  refuse_self: ["A node cannot follow itself.", "자기 자신에게는 이을 수 없습니다."], refuse_gone: ["This node is gone.", "노드가 없어졌습니다."], refuse_twice: ["These are connected already.", "이미 이어져 있습니다."],
  refuse_cycle: ["This would make a circle. Use a Loop node instead.", "순환이 생깁니다. 반복 노드를 쓰세요."], refuse_list: ["Needs a list, and nothing before it gives one.", "목록이 필요한데 앞에서 목록을 주지 않습니다."],
  // The command log
  undone: ["Undone: %s", "취소함: %s"], redone: ["Redone: %s", "다시 함: %s"], did_add: ["Add %s", "%s 추가"], did_arrange: ["Arrange", "정렬"], did_connect: ["Connect %s to %s", "%s에서 %s로 연결"],
  did_disconnect: ["Remove a connection", "연결선 지우기"], did_load: ["Take the other draft", "다른 초안 가져오기"], did_merge: ["Merge two drafts", "두 초안 합치기"], did_move: ["Move nodes (%s)", "노드 %s개 옮기기"],
  did_note: ["Write a note", "메모 쓰기"], did_paste: ["Paste nodes (%s)", "노드 %s개 붙여넣기"], did_remove: ["Delete nodes (%s)", "노드 %s개 삭제"], did_rename: ["Rename a node", "노드 이름 바꾸기"],
  did_restore: ["Restore version %s", "버전 %s로 되돌리기"], did_set: ["Change %s", "%s 바꾸기"],
} as const satisfies Record<string, readonly [string, string]>;

export type Key = keyof typeof TEXTS;

const korean = typeof document !== "undefined" && document.documentElement.lang.startsWith("ko");

/** The text in the page's language; `%s` takes the values in order, `%2$s` the second one. */
export function t(key: Key, ...values: (string | number)[]): string {
  let next = 0;
  return TEXTS[key][korean ? 1 : 0].replace(/%(?:(\d)\$)?s/g, (_, place) => String(values[place ? Number(place) - 1 : next++] ?? ""));
}

export const allTexts: Record<string, readonly [string, string]> = TEXTS;
