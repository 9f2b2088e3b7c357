"""Small faults that can be put into a module: found on its syntax tree, applied to its text."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

KINDS = ("sign", "comparison", "off by one", "dropped term", "swapped order", "deleted statement")

SIGNS: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}

SYMMETRIC = {"max", "min", "maximum", "minimum", "isclose", "allclose", "array_equal", "logaddexp", "gcd", "multiply"}
"""Functions to which the order of their arguments makes no difference."""

TYPED = {"isinstance", "issubclass", "getattr", "hasattr", "setattr", "cast", "print"}
"""Functions whose arguments are of kinds that cannot stand for one another, or are only printed."""

AXES = {"0": 1, "1": 0, "-1": 0, "2": 1, "-2": 0}
"""Another axis than that of a keyword `axis`."""

NO_VALUES = ("annotation", "body", "orelse", "handlers", "finalbody", "target", "targets", "optional_vars")
"""Fields of statements that hold no expression that is evaluated."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Site:
    """A fault and where it goes, in words that survive moves of the code.

    Attributes:
        kind: one of `KINDS`.
        function: the function's qualified name, such as ``Class.method``.
        line: the line of the statement, which is for readers alone.
        occurrence: which one it is of the function's statements that read the same, from 0.
        original: the statement as `ast.unparse` writes it, without the block below it.
        mutated: the same with the fault.
    """

    kind: str
    function: str
    line: int
    occurrence: int
    original: str
    mutated: str


def sites(source: str) -> list[Site]:
    """Return every fault of every function of a module, in the order of its lines."""
    found = []
    for name, function in functions(ast.parse(source)):
        seen: Counter[str] = Counter()
        bound = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
        for statement in statements(function.body):
            original = head(statement)
            for kind, mutated in mutants(statement, last=statement is function.body[-1], bound=bound):
                if mutated != original:
                    found.append(Site(kind, name, statement.lineno, seen[original], original, mutated))
            seen[original] += 1
            bound |= stored(statement)
    return list(dict.fromkeys(found))


def apply(source: str, function: str, occurrence: int, original: str, mutated: str) -> tuple[str, int, int]:
    """Return a module's text with a fault in it, and first and last line of what was replaced.

    Args:
        source: the module.
        function: its qualified name, or the end of it where one function alone has the statement.
        occurrence: as in `Site`.
        original: as in `Site`.
        mutated: as in `Site`.

    Raises:
        LookupError: the statement is not there, or there are several.
    """
    named = [(name, node) for name, node in functions(ast.parse(source)) if f".{name}".endswith(f".{function}")]
    nodes = [node for name, node in named if name == function] or [node for _, node in named]
    equal = [[each for each in statements(node.body) if head(each) == original] for node in nodes]
    found = [same[occurrence] for same in equal if len(same) > occurrence]
    if len(found) != 1:
        raise LookupError(f"{len(found)} of {function}: {original}")
    (statement,) = found
    body: list[ast.stmt] = getattr(statement, "body", [])
    first, last = statement.lineno, first_line(body[0]) - 1 if body else cast(int, statement.end_lineno)
    lines = source.split("\n")
    if lines[first - 1].lstrip().startswith("elif "):
        mutated = f"el{mutated}"
    text = [f"{' ' * statement.col_offset}{line}" for line in mutated.split("\n")]
    return "\n".join([*lines[: first - 1], *text, *lines[last:]]), first, last


def first_line(statement: ast.stmt) -> int:
    """Return the line on which a statement begins, with its decorators."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield every function below a node with its qualified name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            name = f"{prefix}{node.name}"
            if isinstance(node, FUNCTIONS):
                yield name, node
            yield from functions(node, f"{name}.")
        else:
            yield from functions(node, prefix)


def statements(block: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a block and of the blocks in it; functions and classes in it are left out."""
    for statement in block:
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assert)):
            continue
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            continue
        yield statement
        for inner in blocks(statement):
            yield from statements(inner)


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a compound statement."""
    for field in ("body", "handlers", "cases", "orelse", "finalbody"):
        for each in (part := getattr(statement, field, [])):
            if not isinstance(each, ast.stmt):
                yield each.body
        if part and isinstance(part[0], ast.stmt):
            yield part


def head(statement: ast.stmt) -> str:
    """Return a statement's source in one form, without the blocks of a compound one."""
    if isinstance(statement, ast.Match):
        return f"match {ast.unparse(statement.subject)}:"
    if not hasattr(statement, "body"):
        return ast.unparse(statement)
    fields = {**dict(ast.iter_fields(statement)), "body": [ast.Pass()], "orelse": [], "handlers": [], "finalbody": []}
    bare = type(statement)(**{name: fields[name] for name in statement._fields if name in fields})
    if isinstance(statement, ast.Try):
        return "try:"
    return ast.unparse(ast.fix_missing_locations(bare)).removesuffix("\n    pass")


def mutants(statement: ast.stmt, last: bool, bound: set[str]) -> Iterator[tuple[str, str]]:
    """Yield kind and source of every fault of one statement.

    Args:
        statement: of a function.
        last: whether it is the last one of the function's own block.
        bound: names that have a value before it.
    """
    if is_deletable(statement, last, bound):
        yield "deleted statement", "pass"
    if isinstance(statement, ast.Raise | ast.Try | ast.Match):
        return  # What is raised is a message.
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return  # A docstring.
    if isinstance(statement, ast.AugAssign) and type(statement.op) in SIGNS and not is_text(statement.value):
        turned = ast.AugAssign(statement.target, SIGNS[type(statement.op)](), statement.value)
        yield "sign", ast.unparse(turned)
    for parent, field, index, value in slots(statement):
        for kind, other in variants(parent, value):
            put(parent, field, index, other)
            yield kind, head(statement)
            put(parent, field, index, value)


def slots(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.expr]]:
    """Yield every expression of a statement with its place: parent, field, index. Blocks and text are left out."""
    for field, value in ast.iter_fields(node):
        if isinstance(node, ast.stmt | ast.withitem) and field in NO_VALUES:
            continue
        for index, each in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(each, ast.expr) and not isinstance(each, ast.JoinedStr):
                yield node, field, index if isinstance(value, list) else None, each
            if isinstance(each, ast.AST) and not isinstance(each, ast.stmt | ast.JoinedStr):
                yield from slots(each)


def put(parent: ast.AST, field: str, index: int | None, value: ast.expr) -> None:
    """Set an expression at a place of `slots`."""
    if index is None:
        setattr(parent, field, value)
    else:
        getattr(parent, field)[index] = value


def variants(parent: ast.AST, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield what may stand instead of an expression, with the kind of that fault."""
    if isinstance(parent, ast.keyword) and parent.arg == "axis":
        if (axis := ast.unparse(node)) in AXES:
            yield "swapped order", ast.Constant(AXES[axis])
        return
    match node:
        case ast.BinOp(left, op, right) if not is_text(left) and not is_text(right):
            if type(op) in SIGNS:
                yield "sign", ast.BinOp(left, SIGNS[type(op)](), right)
            if isinstance(op, ast.Add | ast.Mult | ast.Sub | ast.Div | ast.BitAnd | ast.BitOr):
                yield "dropped term", left
            if isinstance(op, ast.Add | ast.Mult | ast.BitAnd | ast.BitOr):
                yield "dropped term", right
            if isinstance(op, ast.Sub | ast.Div | ast.Pow | ast.FloorDiv | ast.Mod):
                yield "swapped order", ast.BinOp(right, op, left)
        case ast.BoolOp(op, values):
            for index in range(len(values)):
                rest = values[:index] + values[index + 1 :]
                yield "dropped term", rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.UnaryOp(ast.USub(), operand):
            yield "sign", operand
        case ast.UnaryOp(ast.Not(), operand):
            yield "comparison", operand
        case ast.Compare(left, ops, comparators):
            for index, compared in enumerate(ops):
                for other in COMPARISONS[type(compared)]:
                    yield "comparison", ast.Compare(left, [*ops[:index], other(), *ops[index + 1 :]], comparators)
        case ast.IfExp(test, body, orelse) if not is_text(node):
            yield "swapped order", ast.IfExp(test, orelse, body)
        case ast.Call(function, [first, second, *rest], keywords) if are_swappable(function, [first, second]):
            yield "swapped order", ast.Call(function, [second, first, *rest], keywords)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield "off by one", ast.Constant(node.value + 1)
        if node.value > 0:
            yield "off by one", ast.Constant(node.value - 1)
    elif is_bound(parent, node) and not isinstance(node, ast.Constant | ast.UnaryOp | ast.Starred):
        yield "off by one", ast.BinOp(node, ast.Add(), ast.Constant(1))


def is_bound(parent: ast.AST, node: ast.expr) -> bool:
    """Whether an expression is a bound of a slice or of a range."""
    match parent:
        case ast.Slice():
            return True
        case ast.Call(ast.Name("range"), arguments):
            return node in arguments
        case _:
            return False


def are_swappable(function: ast.expr, pair: list[ast.expr]) -> bool:
    """Whether a call's first two arguments may be the other way round, and that can make a difference."""
    name = ast.unparse(function).rpartition(".")[2]
    if name in SYMMETRIC | TYPED or any(isinstance(each, ast.Starred) or is_text(each) for each in pair):
        return False
    return ast.dump(pair[0]) != ast.dump(pair[1])


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a string, or a literal sequence, at first sight."""
    match node:
        case ast.Constant(value):
            return isinstance(value, str | bytes)
        case ast.BinOp(left, _, right):
            return is_text(left) or is_text(right)
        case ast.IfExp(_, body, orelse):
            return is_text(body) and is_text(orelse)
        case ast.Call(ast.Attribute(_, name)):
            return name in ("join", "format", "ljust", "rjust", "strip", "upper", "lower")
        case _:
            return isinstance(node, ast.JoinedStr | ast.List | ast.Tuple | ast.ListComp | ast.Dict | ast.Set)


def stored(statement: ast.stmt) -> set[str]:
    """Return the names that a statement itself gives a value."""
    targets = [getattr(statement, "target", None), *getattr(statement, "targets", [])]
    targets += [item.optional_vars for item in getattr(statement, "items", [])]
    nodes = [node for target in targets if target is not None for node in ast.walk(target)]
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def is_deletable(statement: ast.stmt, last: bool, bound: set[str]) -> bool:
    """Whether a function without a statement is still one that could have been written."""
    match statement:
        case ast.Expr(value):
            return not isinstance(value, ast.Constant)
        case ast.Return():
            return not last
        case ast.Assign(_, value):
            return stored(statement) <= bound and not is_text(value)
        case _:
            return isinstance(statement, ast.AugAssign | ast.Raise | ast.Continue | ast.Break)
