using System.Diagnostics;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Cli;

/// <summary>What generate tells about the file that it made; the names are the keys of its JSON.</summary>
internal sealed record GenerationReport
{
    /// <summary>The file's full path.</summary>
    public required string Output { get; init; }

    /// <summary>Its size; that of all pictures for a folder of them.</summary>
    public required long Bytes { get; init; }

    public required int Frames { get; init; }

    public required int Width { get; init; }

    public required int Height { get; init; }

    public required int Fps { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Wall-clock time from start to end, opening the pack included.</summary>
    public required long Milliseconds { get; init; }

    /// <summary>What each graph ran on, by role.</summary>
    public required IReadOnlyDictionary<string, GraphUse> Graphs { get; init; }

    /// <summary>Why not on a provider that auto prefers, by provider.</summary>
    public required IReadOnlyDictionary<string, string> Skipped { get; init; }

    /// <summary>What worked otherwise than was asked for, and why.</summary>
    public required IReadOnlyList<string> Notices { get; init; }

    /// <summary>What each stage took, in order.</summary>
    public required IReadOnlyList<StageUse> Stages { get; init; }

    /// <summary>The most memory that this process had, FFmpeg's not included.</summary>
    public required long PeakMemoryBytes { get; init; }

    public static GenerationReport Of(VideoFile file, TimeSpan elapsed)
    {
        using Process process = Process.GetCurrentProcess();
        return new GenerationReport
        {
            Output = file.Path,
            Bytes = Directory.Exists(file.Path) ? new DirectoryInfo(file.Path).EnumerateFiles().Sum(picture => picture.Length) : new FileInfo(file.Path).Length,
            Frames = file.Frames,
            Width = file.Plan.OutputSize.Width,
            Height = file.Plan.OutputSize.Height,
            Fps = file.Plan.Fps,
            Seed = file.Plan.Seed,
            Milliseconds = (long)elapsed.TotalMilliseconds,
            Graphs = file.Graphs.ToDictionary(graph => graph.Role, GraphUse.Of, StringComparer.Ordinal),
            Skipped = file.Skipped.ToDictionary(skipped => skipped.Provider.ToName(), skipped => skipped.Reason, StringComparer.Ordinal),
            Notices = file.Notices,
            Stages = [.. file.Stages.Select(StageUse.Of)],
            PeakMemoryBytes = process.PeakWorkingSet64,
        };
    }

    /// <summary>One line for people, with the seed to make the video again.</summary>
    public string ToText(CommandHost host) =>
        $"{host.ShownPath(Output)}: {Width}x{Height}, {(double)Frames / Fps:0.0} s, {Quantity.Bytes(Bytes)}, seed {Seed}, made in {Milliseconds / 1000.0:0.0} s";

    /// <summary>What a graph ran on.</summary>
    internal sealed record GraphUse(string Provider, string Precision)
    {
        public static GraphUse Of(GraphReport graph) => new(graph.Provider.ToName(), graph.Precision switch
        {
            ElementType.Float16 => "fp16",
            ElementType.BFloat16 => "bf16",
            ElementType.Float64 => "fp64",
            _ => "fp32",
        });
    }

    /// <summary>What a stage took; of it, what was spent outside the runs of its graph.</summary>
    internal sealed record StageUse(string Name, long Milliseconds, int Runs, int SkippedRuns, double OwnMilliseconds)
    {
        public static StageUse Of(StageReport stage) =>
            new(stage.Stage.ToString().ToLowerInvariant(), (long)stage.Elapsed.TotalMilliseconds, stage.Runs, stage.Skipped, Math.Round((stage.Elapsed - stage.InRuns).TotalMilliseconds, 2));
    }
}
