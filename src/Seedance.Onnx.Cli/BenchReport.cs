using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Measurement;

namespace Seedance.Onnx.Cli;

/// <summary>What bench tells, as Markdown for people and as JSON for scripts.</summary>
/// <param name="cases">What was measured.</param>
/// <param name="ladder">The ladder that some of it climbs; null for none.</param>
internal sealed class BenchReport(IReadOnlyList<CaseReport> cases, Ladder? ladder)
{
    private readonly CaseReport[] _rungs = [.. cases.Where(report => report.Case.Group == "ladder")];

    public string ToJson() => Json.Write(new
    {
        Version = SeedanceCommand.Version,
        Processors = Environment.ProcessorCount,
        System = RuntimeInformation.RuntimeIdentifier,
        Cases = cases.Select(report => new
        {
            report.Case.Name,
            report.Case.Group,
            Precision = report.Case.Precision.ToName(),
            Providers = report.Case.Target.Chain.Select(provider => provider.ToName()),
            Fused = report.Case.FusesOperators,
            report.Tokens,
            report.PeakGflops,
            report.PeakMemoryBytes,
            report.HandoffNanoseconds,
            FirstMilliseconds = report.First.TotalMilliseconds,
            TotalMilliseconds = report.Total.TotalMilliseconds,
            Stages = report.Stages.Select(stage => new
            {
                stage.Name,
                MedianMilliseconds = stage.Median.TotalMilliseconds,
                P95Milliseconds = stage.P95.TotalMilliseconds,
                stage.Runs,
                PerVideoMilliseconds = stage.PerVideo.TotalMilliseconds,
                stage.Flops,
                stage.GflopsPerSecond,
                stage.ShareOfPeak,
            }),
        }),
        Ladder = _rungs.Select((report, index) => new
        {
            report.Case.Name,
            Ratio = report.RatioTo(_rungs[0]),
            StoredRatio = ladder!.Rungs[index].Ratio,
            report.PeakMemoryBytes,
            Score = ladder.ScoreOf(ladder.Rungs[index]),
        }),
    });

    public string ToMarkdown()
    {
        StringBuilder text = new();
        foreach (CaseReport report in cases)
        {
            text.Append(CultureInfo.InvariantCulture, $"### {report.Case.Name}\n\n");
            text.Append(CultureInfo.InvariantCulture, $"The first video {Time(report.First)}, those after it {Time(report.Total)}; {report.Tokens} tokens; products at {report.PeakGflops:0} GFLOP/s")
                .Append(CultureInfo.InvariantCulture, $"{(report.PeakMemoryBytes is { } memory ? $"; {Quantity.Bytes(memory)} of memory at most" : "")}")
                .Append(CultureInfo.InvariantCulture, $"{(report.HandoffNanoseconds is { Length: > 0 } trips ? $"; from processor to processor and back in {trips.Min():0} to {trips.Max():0} ns" : "")}.\n\n");
            text.Append("| stage | median | p95 | runs | a video | operations | GFLOP/s | of products |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
            foreach (StageMeasure stage in report.Stages)
            {
                string work = stage.Flops > 0 ? $"{Quantity.Count((long)stage.Flops)} | {stage.GflopsPerSecond:0} | {stage.ShareOfPeak:0 %}" : " | | ";
                text.Append(CultureInfo.InvariantCulture, $"| {stage.Name} | {Time(stage.Median)} | {Time(stage.P95)} | {stage.Runs} | {Time(stage.PerVideo)} | {work} |\n");
            }

            text.Append('\n');
        }

        if (_rungs.Length > 0)
        {
            text.Append("### The ladder\n\n| rung | a video | of the first | times as fast | memory | score |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
            foreach ((int index, CaseReport report) in _rungs.Index())
            {
                string score = ladder!.ScoreOf(ladder.Rungs[index]) is { } known ? known.ToString("0.0", CultureInfo.InvariantCulture) : "";
                text.Append(CultureInfo.InvariantCulture, $"| {report.Case.Name} | {Time(report.Total)} | {report.RatioTo(_rungs[0]):0.00} | {1 / report.RatioTo(_rungs[0]):0.0} | ")
                    .Append(CultureInfo.InvariantCulture, $"{(report.PeakMemoryBytes is { } memory ? Quantity.Bytes(memory) : "")} | {score} |\n");
            }
        }

        return text.ToString().TrimEnd();
    }

    private static string Time(TimeSpan time) => time.TotalSeconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s");
}
