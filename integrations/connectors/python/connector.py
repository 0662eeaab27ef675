"""A person's own code as a step, behind the same wall as the expressions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel

from integrations.sdk import Connector, Context, FieldProblem, InvalidParams, Param, Rejected, Text

python = Connector(
    "python",
    title=Text("Python code", "파이썬 코드"),
    description=Text(
        "Runs your own Python without files, network or packages, within limits of time and memory.",
        "파일·네트워크·패키지 없이, 시간과 메모리 한도 안에서 직접 쓴 파이썬 코드를 실행합니다.",
    ),
    group="code",
)

MAX_SECONDS = 30.0


class CodeOutput(BaseModel):
    """What the code gave back."""

    result: Any = None
    printed: list[str] = []
    ms: float = 0.0


@python.action(
    title=Text("Run code", "코드 실행"),
    description_ko="코드의 마지막 식이나 return 값이 결과가 됩니다. inputs의 이름을 변수로 쓸 수 있습니다.",
    timeout=40,
    example={"code": "sum(row['price'] for row in rows)", "inputs": {"rows": [{"price": 3}, {"price": 4}]}},
)
async def run(
    ctx: Context,
    code: Annotated[
        str,
        Param(
            "Python whose last expression, or `return`, is the result",
            "마지막 식이나 return이 결과가 되는 파이썬",
            widget="code",
            min_length=1,
            max_length=100_000,
        ),
    ],
    inputs: Annotated[dict[str, Any], Param("Values the code sees under these names", "코드에서 쓸 이름과 값")] = {},  # noqa: B006
    seconds: Annotated[
        float, Param("Seconds the code may run", "실행 시간 한도(초)", gt=0, le=MAX_SECONDS, advanced=True)
    ] = 10.0,
) -> CodeOutput:
    """Runs Python; the last expression or `return` is the result, `print` goes to the log."""
    # The interpreter is loaded by the worker that needs it, not by the web process.
    from dataclasses import replace

    from integrations.sdk.sandbox import CODE_LIMITS, CodeError, shared_sandbox

    for name in inputs:
        if not name.isidentifier():
            problem = FieldProblem(
                f"inputs.{name}", "This is not a name that Python can use.", "Use letters and digits."
            )
            raise InvalidParams("A name of the inputs cannot be used.", problems=[problem])
    allowed = seconds if ctx.remaining is None else max(0.05, min(seconds, ctx.remaining - 1.0))
    try:
        outcome = await shared_sandbox().run_code(code, inputs, replace(CODE_LIMITS, seconds=allowed))
    except CodeError as error:
        place = f"line {error.line}" if error.line else "the code"
        problem = FieldProblem("code", f"{place}: {error.message}", error.remedy)
        raise Rejected("The code failed.", code=error.error_code, problems=[problem]) from None
    for line in outcome.printed:
        ctx.log("info", line)
    return CodeOutput(result=outcome.result, printed=outcome.printed, ms=round(outcome.ms, 3))
