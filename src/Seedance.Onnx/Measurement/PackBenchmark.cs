using System.Collections.Immutable;
using System.Diagnostics;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Forecasts;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Media;
using Seedance.Onnx.Optimization;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Measurement;

/// <summary>Measures making videos, stage by stage: opened without anything kept, opened again, the first video, and those after it.</summary>
/// <remarks>The opener disposes it; it keeps packs that it has converted, and composed graphs, in a folder of its own.</remarks>
public sealed class PackBenchmark : IDisposable
{
    /// <summary>The beginning of the names of the stages that open a pack.</summary>
    internal const string Open = "open";

    private readonly string _scratch = Directory.CreateTempSubdirectory("seedance-bench-").FullName;
    private readonly Dictionary<(string Pack, GraphPrecision Precision), string> _converted = [];
    private readonly int _runs;
    private readonly FFmpegOptions _ffmpeg;
    private int _opened;

    /// <summary>Prepares; nothing is run yet.</summary>
    /// <param name="runs">Videos to measure of each case, after the first; at least 1.</param>
    /// <param name="ffmpeg">Where FFmpeg is; looked for on PATH if not specified.</param>
    public PackBenchmark(int runs, FFmpegOptions? ffmpeg = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(runs, 1);
        _runs = runs;
        _ffmpeg = ffmpeg ?? new FFmpegOptions();
    }

    /// <summary>Measures one case.</summary>
    /// <param name="one">What to do.</param>
    /// <param name="cancellationToken">Stops it, inside a step too.</param>
    /// <returns>What was measured.</returns>
    /// <exception cref="SeedanceException">The pack, the request or the target is not possible, or a run failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<CaseReport> RunAsync(BenchmarkCase one, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(one);
        string pack = await ConvertAsync(one, cancellationToken).ConfigureAwait(false);
        string cache = Path.Combine(_scratch, $"cache{_opened++}");
        double before = ProcessorProbe.MeasureProducts(one.Target, cancellationToken: cancellationToken);
        PeakMemory memory = PeakMemory.Begin();
        PipelineOptions options = new() { Target = one.Target, FFmpeg = _ffmpeg, FusesOperators = one.FusesOperators, Undistilled = one.Request.Undistilled, Host = new HostSettings { CacheFolder = cache } };

        long began = Stopwatch.GetTimestamp();
        VideoPipeline cold = await VideoPipeline.OpenAsync(pack, options, cancellationToken).ConfigureAwait(false);
        TimeSpan openedCold = Stopwatch.GetElapsedTime(began);
        await cold.DisposeAsync().ConfigureAwait(false);
        began = Stopwatch.GetTimestamp();
        VideoPipeline pipeline = await VideoPipeline.OpenAsync(pack, options, cancellationToken).ConfigureAwait(false);
        TimeSpan openedAgain = Stopwatch.GetElapsedTime(began);
        await using (pipeline.ConfigureAwait(false))
        {
            GenerationPlan plan = await pipeline.PlanAsync(one.Request, cancellationToken).ConfigureAwait(false);
            (_, TimeSpan first, _) = await GenerateAsync(pipeline, plan, cancellationToken).ConfigureAwait(false);
            List<Video> videos = [];
            List<double?> distances = [ProcessorDistance.Measure()];
            for (int run = 0; run < _runs; run++)
            {
                videos.Add(await GenerateAsync(pipeline, plan with { Seed = plan.Seed + (ulong)run }, cancellationToken).ConfigureAwait(false));
                distances.Add(ProcessorDistance.Measure());
            }

            long? peakMemory = memory.Bytes;
            int tokens = pipeline.CountTokens(plan, cancellationToken);
            double machine = (before + ProcessorProbe.MeasureProducts(one.Target, cancellationToken: cancellationToken)) / 2;
            double peak = one.Precision == GraphPrecision.Int8 ? ProcessorProbe.MeasureProducts(one.Target, eightBits: true, cancellationToken) : machine;
            Dictionary<string, double> flops = PackWork.Of(pipeline.Pack, plan, tokens: tokens).ToDictionary(stage => stage.Name, stage => stage.Flops, StringComparer.Ordinal);
            ImmutableArray<StageMeasure> stages =
            [
                Measure("open cold", [openedCold], [openedCold], 1, 0, peak), Measure(Open, [openedAgain], [openedAgain], 1, 0, peak),
                .. StagesOf(videos, plan, flops, peak),
            ];
            return new CaseReport(one, stages, first, Quantile([.. videos.Select(video => video.Total)], 0.5), peak, machine, peakMemory, tokens) { HandoffNanoseconds = [.. distances.OfType<double>()] };
        }
    }

    /// <summary>Deletes what it kept.</summary>
    public void Dispose()
    {
        if (Directory.Exists(_scratch))
        {
            Directory.Delete(_scratch, recursive: true);
        }
    }

    /// <summary>The time that a share of the runs does not take longer than: the smallest such one of those measured.</summary>
    internal static TimeSpan Quantile(IReadOnlyCollection<TimeSpan> times, double share)
    {
        TimeSpan[] sorted = [.. times.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    private static IEnumerable<StageMeasure> StagesOf(List<Video> videos, GenerationPlan plan, Dictionary<string, double> flops, double peak)
    {
        foreach (GenerationStage stage in Enum.GetValues<GenerationStage>())
        {
            TimeSpan[] perVideo = [.. videos.SelectMany(video => video.Stages).Where(report => report.Stage == stage).Select(report => report.Elapsed)];
            if (perVideo.Length == 0)
            {
                continue;
            }

            TimeSpan[] steps = [.. videos.SelectMany(video => video.Steps)];
            int evaluations = steps.Length > 0 ? plan.Solver.Steps.Length * plan.Windows.Length : 1;
            yield return stage != GenerationStage.Denoise
                ? Measure(stage.ToString().ToLowerInvariant(), perVideo, perVideo, 1, flops.GetValueOrDefault(stage.ToString().ToLowerInvariant()), peak)
                : Measure("step", steps.Length > 0 ? steps : perVideo, perVideo, evaluations, flops[StageWork.Denoise] / evaluations, peak);
        }
    }

    private static StageMeasure Measure(string name, TimeSpan[] runs, TimeSpan[] perVideo, int runsOfVideo, double flops, double peak)
    {
        TimeSpan median = Quantile(runs, 0.5);
        double speed = median > TimeSpan.Zero ? flops / median.TotalSeconds / 1e9 : 0;
        return new StageMeasure(name, median, Quantile(runs, 0.95), runs.Length, Quantile(perVideo, 0.5), Quantile(runs, 0.1) * runsOfVideo, flops, speed, speed / peak);
    }

    /// <summary>The pack itself, or a copy whose transformer has other numbers, made once.</summary>
    private async Task<string> ConvertAsync(BenchmarkCase one, CancellationToken cancellationToken)
    {
        if (one.Precision == GraphPrecision.Float32)
        {
            return one.Pack;
        }

        (string, GraphPrecision) key = (Path.GetFullPath(one.Pack), one.Precision);
        if (!_converted.TryGetValue(key, out string? folder))
        {
            ModelOptimizationRequest request = new()
            {
                Input = one.Pack,
                Output = Path.Combine(_scratch, $"pack{_converted.Count}"),
                Precision = one.Precision,
                Roles = [.. ModelPack.Open(one.Pack).Contract.Graphs.Keys.Intersect(GraphRoles.Transformers, StringComparer.Ordinal)],
                Samples = 0,
            };
            folder = _converted[key] = (await ModelOptimizer.OptimizeAsync(request, progress: null, cancellationToken).ConfigureAwait(false)).Output;
        }

        return folder;
    }

    private async Task<Video> GenerateAsync(VideoPipeline pipeline, GenerationPlan plan, CancellationToken cancellationToken)
    {
        StepTimes steps = new();
        string path = Path.Combine(_scratch, "video.mp4");
        long began = Stopwatch.GetTimestamp();
        VideoFile file = await pipeline.GenerateAsync(plan, new GenerationEvents { Progress = steps }, cancellationToken).SaveAsync(path, cancellationToken).ConfigureAwait(false);
        TimeSpan total = Stopwatch.GetElapsedTime(began);
        return new Video(file.Stages, total, [.. steps.Steps]);
    }

    /// <summary>One video that was made.</summary>
    private sealed record Video(IReadOnlyList<StageReport> Stages, TimeSpan Total, ImmutableArray<TimeSpan> Steps);
}
