// Texts of runs, data, groups and company on the canvas, in both languages.
export const WORDS = {
  // Parts of runs, pins, kept inputs
  run_menu: ["Ways to run", "실행 방법"], run_form: ["Run with a form…", "양식으로 실행…"], run_last: ["Run with the last input", "마지막 입력으로 실행"],
  run_this: ["Run this node", "이 노드만 실행"], run_to: ["Run to here", "여기까지 실행"], run_from: ["Run from here", "여기부터 실행"], run_kept: ["Run with “%s”", "‘%s’ 입력으로 실행"],
  run_earlier: ["Show an earlier run…", "이전 실행 불러오기…"], run_part_only: ["Only the node “%s” runs; the nodes before it keep their data.", "‘%s’ 노드만 실행합니다. 앞 노드는 데이터를 그대로 씁니다."],
  run_part_to: ["Runs everything up to “%s”.", "‘%s’까지 실행합니다."], run_part_from: ["Runs “%s” and what follows; the rest keeps its data.", "‘%s’부터 실행합니다. 나머지는 데이터를 그대로 씁니다."],
  pinned: ["Pinned", "고정됨"], pin: ["Pin the output", "출력 고정"], pin_short: ["Pin", "고정"], unpin: ["Unpin", "고정 풀기"], pinned_now: ["The output of %s is pinned.", "%s의 출력을 고정했습니다."],
  unpinned_now: ["%s runs again.", "%s 노드를 다시 실행합니다."], pin_top_only: ["Nodes inside a map or loop cannot be pinned. Pin the node around them.", "반복 안의 노드는 고정할 수 없습니다. 바깥 노드를 고정하세요."],
  pin_needs_data: ["There is no output to pin yet. Run the node first, or write its output by hand.", "고정할 출력이 없습니다. 먼저 실행하거나 출력을 직접 쓰세요."],
  edit_output: ["Edit the output", "출력 고치기"], write_output: ["Write an output by hand", "출력 직접 쓰기"], save_pin: ["Save and pin", "저장하고 고정"], pin_help: ["Runs from the canvas take the pinned output and do not run the node. Deployed versions ignore it.", "캔버스에서 실행할 때 노드를 실행하지 않고 고정된 출력을 씁니다. 배포된 버전에는 영향이 없습니다."],
  pinned_by: ["Pinned by %s", "%s 님이 고정"], not_json: ["This is not JSON: %s", "JSON이 아닙니다: %s"], keep_input: ["Keep these values", "이 값 보관"], kept_name: ["Name for these values", "값의 이름"],
  kept_inputs: ["Kept inputs", "보관한 입력"], kept_choose: ["Fill in from…", "불러올 입력…"], kept_last: ["The last run", "마지막 실행"], kept_sample: ["The sample", "예시"], kept_forget: ["Forget “%s”", "‘%s’ 삭제"], keep: ["Keep", "보관"],
  from_run_at: ["Run of %s", "%s 실행"], from_pinned: ["Pinned", "고정됨"], stale_data: ["Settings are newer than this data", "설정이 이 데이터보다 새롭습니다"], of_earlier: ["taken from an earlier run", "이전 실행에서 가져옴"], of_pin: ["taken from the pin", "고정된 값"],
  approved_now: ["Approved", "승인했습니다"], rejected_now: ["Rejected", "거절했습니다"], run_waits: ["The run waits for a person.", "실행이 사람을 기다립니다."], run_failed_at: ["The run failed at %s.", "%s에서 실행이 실패했습니다."],
  earlier_shown: ["Shows the run of %s. The canvas may have changed since.", "%s의 실행을 보여 줍니다. 그 뒤 캔버스가 바뀌었을 수 있습니다."], graph_changed: ["The graph changed since this run started; states belong to the version that runs.", "실행을 시작한 뒤 그래프가 바뀌었습니다. 상태는 실행 중인 버전의 것입니다."],
  schema: ["Schema", "스키마"], search_data: ["Search the data", "데이터 검색"], more_rows: ["Show %s more", "%s행 더 보기"], copy_path: ["Copy the path", "경로 복사"], copied: ["Copied", "복사했습니다"], no_rows: ["No row matches.", "맞는 행이 없습니다."],
  changed_by: ["%s changed this workflow; you see the new draft.", "%s 님이 워크플로를 바꿔 새 초안을 보여 줍니다."], more: ["More", "더 보기"], turn_off: ["Turn off", "끄기"], turn_on: ["Turn on", "켜기"], node_tools: ["Actions of %s", "%s 작업"], add_after: ["Add a node after %s", "%s 뒤에 노드 추가"],
  // Forms
  completions: ["Completions", "자동 완성"], choices: ["Choices", "선택지"], search_choices: ["Search…", "검색…"], clear: ["Clear", "지우기"], at_character: ["Character %s:", "%s번째 글자:"],
  type_null: ["Nothing", "없음"], show_secret: ["Show", "보이기"], hide_secret: ["Hide", "감추기"], kibibytes: ["%s KiB", "%sKiB"], uploading: ["Uploading…", "올리는 중…"], choose_file: ["Choose a file", "파일 고르기"],
  other_file: ["Choose another file", "다른 파일 고르기"], drop_file: ["or drop one here", "또는 여기에 끌어다 놓으세요"], connect_new: ["New connection", "새 연결"], connect_to: ["Connect %s", "%s 연결"], connected_now: ["Connected: %s", "연결했습니다: %s"],
  connected_failing: ["“%s” is stored, but its test failed. Check the values.", "‘%s’ 연결을 저장했지만 시험에 실패했습니다. 값을 확인하세요."], where_key: ["Where to get the key", "키를 받는 곳"], only_me: ["Only for me", "나만 사용"],
  connect_help: ["Values are encrypted and never shown again.", "값은 암호화되며 다시 표시되지 않습니다."], no_connections: ["No connection yet", "아직 연결이 없습니다"],
} as const satisfies Record<string, readonly [string, string]>;
