using System.Collections.Immutable;
using System.CommandLine;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Measurement;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Cli;

/// <summary>seedance bench: what making videos takes here, stage by stage, in one way or several.</summary>
internal sealed class BenchCommand
{
    private const string DefaultPrompt = "a red ball on the left moves right";
    private const int DefaultRuns = 5;

    private readonly Argument<string> _pack = new("PACK") { Description = "The pack's folder." };
    private readonly Option<string?> _prompt = TextOption.Text("--prompt", "TEXT", $"What the videos show. [default: {DefaultPrompt}]");
    private readonly Option<VideoSize?> _resolution = TextOption.Size("--resolution", "The frame's size in pixels. [default: the pack's]");
    private readonly Option<int?> _frames = TextOption.Count("--frames", "N", "The length in frames. [default: the pack's]");
    private readonly Option<int?> _steps = TextOption.Count("--steps", "N", "Steps of the solver. [default: the pack's]");
    private readonly Option<double?> _guidance = TextOption.Number("--guidance", "G", "How strictly the prompt is followed. [default: the pack's]");
    private readonly Option<bool> _undistilled = new("--undistilled") { Description = "Run the transformer that the pack's distilled one was made from." };
    private readonly Option<int?> _upscale = TextOption.Count("--upscale", "N", "Make the frames N times larger with the pack's upscaler. [default: 1]", 1, 256);
    private readonly Option<int?> _runs = TextOption.Count("--runs", "N", $"Videos to measure in each way, after the first. [default: {DefaultRuns}]", 1, 1000);
    private readonly Option<IReadOnlyList<string>> _sweeps = TextOption.Texts(
        "--sweep", "AXIS=V,V,…", $"One thing after the other changed: {string.Join(", ", BenchSweep.Axes)}; such as frames=9,17,41. May be written more than once.");
    private readonly Option<string?> _ladder = TextOption.File("--ladder", "FILE", "An acceleration ladder to climb, as JSON: bench/ladder.json.");
    private readonly Option<string?> _markdown = TextOption.File("--markdown", "FILE", "Write the tables there too.");
    private readonly Option<string?> _plot = TextOption.File("--plot", "FILE.svg", "Write a plot there: where time goes in each case.");
    private readonly Option<bool> _json = TextOption.Json("Print one JSON object, and nothing else.");
    private readonly ExecutionChoice _execution = new();
    private readonly CommandHost _host;

    private BenchCommand(CommandHost host)
    {
        _host = host;
    }

    public static Command Create(CommandHost host)
    {
        BenchCommand bench = new(host);
        DocumentedCommand command = new(
            "bench",
            "Measures what making videos takes here: opening a pack with nothing kept and again, the first video and those after it, and each stage's median, 95th percentile, operations a "
            + "second and share of what products reach in the same run.",
            "seedance bench onnx/seedance-mini",
            "seedance bench onnx/seedance-mini --sweep frames=1,17,41 --sweep size=96x64,80x80 --plot bench.svg",
            "seedance bench onnx/seedance-mini --ladder bench/ladder.json --runs 7 --json")
        {
            bench._pack, bench._prompt, bench._resolution, bench._frames, bench._steps, bench._guidance, bench._undistilled, bench._upscale, bench._runs, bench._sweeps, bench._ladder, bench._markdown, bench._plot,
        };
        foreach (Option option in bench._execution.Options)
        {
            command.Add(option);
        }

        command.Add(bench._json);
        command.SetAction(bench.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        VideoSize? size = parsed.GetValue(_resolution);
        BenchmarkCase first = new()
        {
            Name = "as it is",
            Group = "video",
            Pack = _host.FullPath(parsed.GetValue(_pack)!),
            Target = _execution.ReadTarget(parsed).Over(_execution.ReadSettings(parsed, _host).Execution),
            Request = new VideoRequest
            {
                Prompt = parsed.GetValue(_prompt) ?? DefaultPrompt,
                Width = size?.Width,
                Height = size?.Height,
                Frames = parsed.GetValue(_frames),
                Steps = parsed.GetValue(_steps),
                Guidance = parsed.GetValue(_guidance),
                Undistilled = parsed.GetValue(_undistilled),
                Upscale = parsed.GetValue(_upscale),
                Seed = 1,
            },
        };
        Ladder? ladder = parsed.GetValue(_ladder) is { } file ? Ladder.Read(_host.FullPath(file)) : null;
        ImmutableArray<BenchmarkCase> cases = [first, .. BenchSweep.CasesOf(parsed.GetValue(_sweeps) ?? [], first), .. ladder?.CasesOf(first) ?? []];
        await CheckAsync(cases, cancellationToken).ConfigureAwait(false);

        List<CaseReport> reports = [];
        using PackBenchmark benchmark = new(parsed.GetValue(_runs) ?? DefaultRuns, _host.FFmpeg);
        using ProgressLine progress = new(_host.ShowsProgress ? _host.Error : null, _host.Time);
        foreach (BenchmarkCase one in cases)
        {
            progress.Show($"{reports.Count + 1} of {cases.Length}: {one.Name}");
            reports.Add(await benchmark.RunAsync(one, cancellationToken).ConfigureAwait(false));
        }

        progress.Dispose();
        BenchReport report = new(reports, ladder);
        _host.Output.WriteLine(parsed.GetValue(_json) ? report.ToJson() : report.ToMarkdown());
        await WriteAsync(parsed.GetValue(_markdown), report.ToMarkdown, cancellationToken).ConfigureAwait(false);
        await WriteAsync(parsed.GetValue(_plot), () => BenchPlot.Draw(reports), cancellationToken).ConfigureAwait(false);
        return ExitCode.Done;
    }

    /// <summary>Says what can be known to fail in any case before the first is measured.</summary>
    private async Task CheckAsync(IEnumerable<BenchmarkCase> cases, CancellationToken cancellationToken)
    {
        List<string> problems = [];
        _ = FFmpegTool.Find(_host.FFmpeg);
        foreach (BenchmarkCase one in cases)
        {
            try
            {
                _ = await GenerationPlanner.Open(one.Pack).PlanAsync(one.Request, cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidRequestException error)
            {
                problems.AddRange(error.Problems.Select(problem => $"{one.Name}: {problem}"));
            }
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
    }

    private async Task WriteAsync(string? path, Func<string> text, CancellationToken cancellationToken)
    {
        if (path is not null)
        {
            await File.WriteAllTextAsync(_host.FullPath(path), text() + "\n", cancellationToken).ConfigureAwait(false);
        }
    }
}
