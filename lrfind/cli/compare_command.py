"""What `lrfind compare` does: runs and configs in, one table and one figure out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.cli.command import Job
from lrfind.cli.measure_options import MeasureOptions
from lrfind.cli.outputs import RUNS, check_files, check_plot, files_of
from lrfind.cli.terminal import say
from lrfind.core.errors import ExitCode, InputError

if TYPE_CHECKING:
    from lrfind.analysis.comparison import Comparison, TrainingComparison
    from lrfind.config.load import Loaded
    from lrfind.config.variants import Variant
    from lrfind.core.errors import LrfindError
    from lrfind.core.result import Result
    from lrfind.core.training import Training

CONFIGS = (".yaml", ".yml")


class CompareJob(Job):
    """A comparison of runs, of configs, or of the variants of one config.

    Args:
        sources: run directories, results and configs; ``-`` for a config on standard input.
        wishes: the options of a sweep; `plot` is the figure of all runs.
        optimizers: names with commas between; None to leave the optimiser as it is.
        batch_sizes: the same for batch sizes.
    """

    def __init__(
        self, sources: Sequence[str], wishes: MeasureOptions, optimizers: str | None, batch_sizes: str | None
    ) -> None:
        super().__init__(sources, replace(wishes, plot=None))
        self.sources = sources
        self.plot = wishes.plot
        self.optimizers = optimizers
        self.batch_sizes = batch_sizes
        self._variants: dict[str, Variant] = {}
        self._base = ""
        self._runs: list[tuple[str, Result]] = []
        self._trainings: list[tuple[str, Training]] = []

    def _check(self) -> None:
        """Refuse what could only fail after the measuring, and lay out the variants."""
        from lrfind.analysis.comparison import Comparison
        from lrfind.cli.reopened_run import is_training
        from lrfind.report.render import refuse

        super()._check()
        check_plot(self.plot, draws=self.wishes.draws)
        read = [path for source in self.sources if is_run(source) for path in files_of(Path(source))]
        check_files(self._outputs, read, "what is compared")
        refuse(Comparison, self.wishes.form)
        trained = [source for source in self.sources if is_run(source) and is_training(Path(source))]
        others = [source for source in self.sources if source not in trained]
        if trained and others:
            raise InputError(
                f"{trained[0]} is the run of a training, and {others[0]} is not; name trainings alone, or sweeps and "
                "configs"
            )
        varied = [option for option in ("--optimizers", "--batch-sizes") if getattr(self, option[2:].replace("-", "_"))]
        if not varied:
            if len(self.sources) < 2:
                raise InputError(
                    "one run is nothing to compare; name two or more, or a config with --optimizers or --batch-sizes"
                )
            return
        if len(varied) > 1:
            raise InputError("--optimizers and --batch-sizes vary one thing at a time; leave one of them out")
        if len(self.sources) > 1 or is_run(self.sources[0]):
            raise InputError(f"{varied[0]} varies one config; name a config, and no run beside it")
        self._lay_out(self.sources[0])

    def _lay_out(self, source: str) -> None:
        """The variants of a config, each by its label."""
        from lrfind.config import variants

        loaded = super()._load(source)
        self._base = source
        if self.optimizers is not None:
            found = variants.optimizers(loaded.config, self.optimizers)
        else:
            assert self.batch_sizes is not None
            found = variants.batch_sizes(self.batch_sizes)
        self._variants = {each.label: each for each in found}
        self.configs = list(self._variants)
        if self.wishes.out is None:
            self.runs = RUNS / f"{loaded.name}-compare"
        for each in found:
            if each.dropped and not self.wishes.quiet:
                say(f"lrfind: {each.label} has no {', '.join(each.dropped)}; left out for it")

    @property
    def _outputs(self) -> dict[str, Path | None]:
        return {"--plot": self.plot, "--output": self.wishes.output}

    def _is_config(self, source: str) -> bool:
        return bool(self._variants) or not is_run(source)

    def _name_of(self, source: str) -> str:
        return source if source in self._variants else super()._name_of(source)

    def _one(self, source: str) -> ExitCode:
        """One run: read, or swept."""
        if not self._variants and is_run(source):
            return self._read(source)
        code = super()._one(source)
        return ExitCode.DONE if code is ExitCode.NO_RECOMMENDATION and self.wishes.exit_zero else code

    def _read(self, source: str) -> ExitCode:
        """A finished run, or one that was interrupted or killed."""
        from lrfind.cli.reopened_run import is_training, open_result, open_training
        from lrfind.cli.terminal import show_error
        from lrfind.core.errors import LrfindError

        try:
            if is_training(Path(source)):
                self._trainings.append((source, open_training(Path(source), quiet=self.wishes.quiet)))
                return ExitCode.DONE
            self._runs.append((source, open_result(Path(source), quiet=self.wishes.quiet)))
        except LrfindError as error:
            return show_error(error, debug=self.wishes.debug)
        return ExitCode.DONE

    def _load(self, source: str) -> Loaded:
        """A config; of a variant, the config with its settings."""
        variant = self._variants.get(source)
        if variant is None:
            return super()._load(source)
        before = self.wishes
        self.wishes = replace(before, overrides=[*before.overrides, *variant.settings])
        try:
            return replace(super()._load(self._base), name=variant.label)
        finally:
            self.wishes = before

    def _folder(self, name: str) -> Path | None:
        out = self.wishes.out
        return None if out is None else out / name

    @property
    def _sets_table(self) -> bool:
        return False

    def _conclude(self, source: str, loaded: Loaded, result: Result, files: Sequence[Path]) -> ExitCode:
        del source, loaded
        folder = files[0].parent if files else self._narration.path if self._narration else None
        self._runs.append((str(folder or ""), result))
        none = result.recommendation.learning_rate is None and result.status != "interrupted"
        return ExitCode.NO_RECOMMENDATION if none else ExitCode.DONE

    def _keep_error(self, source: str, error: LrfindError) -> None:
        """What failed is said on stderr, and has no row; in a rehearsal it has its place."""
        if self.wishes.dry_run:
            super()._keep_error(source, error)

    def _document(self) -> str:
        """The table; the figure is drawn beside it."""
        if self.wishes.dry_run:
            return super()._document()
        if self._trainings:
            return self._trained()
        if not self._runs:
            return ""
        from lrfind.analysis.comparison import Comparison, labelled

        varied = "optimizer" if self.optimizers else "batch_size" if self.batch_sizes else None
        return self._shown(Comparison(labelled(self._runs), varied))

    def _trained(self) -> str:
        """The same of trainings."""
        from lrfind.analysis.comparison import Trained, TrainingComparison, labels

        names = labels([(folder, training.name) for folder, training in self._trainings])
        found = [Trained(name, *each) for name, each in zip(names, self._trainings, strict=True)]
        return self._shown(TrainingComparison(tuple(found)))

    def _shown(self, comparison: Comparison | TrainingComparison) -> str:
        from lrfind.report.render import render

        if self.plot is not None:
            from lrfind.report.plots.figure_of import draw
            from lrfind.storage.run_directory import write

            drawn = draw(comparison, self.plot.suffix.removeprefix(".").lower())  # type: ignore[arg-type]
            write(self.start / self.plot, drawn, self.plot)
        look = self._look(draws=self.wishes.draws, title="lrfind compare", several=False)
        return render(comparison, self.wishes.form, look)


def is_run(source: str) -> bool:
    """Whether a name is that of a run rather than of a config."""
    path = Path(source)
    return (
        source not in ("", "-")
        and path.suffix.lower() not in CONFIGS
        and (path.is_dir() or path.suffix.lower() == ".json")
    )
