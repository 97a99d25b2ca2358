using System.Diagnostics;
using System.Diagnostics.Metrics;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx;

/// <summary>What pipelines tell tracing and metrics; both are named "Seedance.Onnx". Costs nothing where nobody listens.</summary>
/// <remarks>
/// A span "seedance.generate" for every video, with a span "seedance.STAGE" for each stage below it. Counters "seedance.videos" (tag "outcome": done, failed, cancelled) and
/// "seedance.frames", histogram "seedance.stage.duration" in seconds (tag "stage").
/// </remarks>
public static class PipelineTelemetry
{
    /// <summary>The name of the source of spans and of the meter.</summary>
    public const string Name = "Seedance.Onnx";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Videos = Meter.CreateCounter<long>("seedance.videos", description: "Videos that were begun, by how they ended.");
    private static readonly Counter<long> Frames = Meter.CreateCounter<long>("seedance.frames", description: "Frames that were decoded.");
    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>("seedance.stage.duration", "s", "What a stage of one video took.");

    internal static ActivitySource Source { get; } = new(Name);

    /// <summary>A span over the making of a video; null where nobody listens.</summary>
    internal static Activity? Begin(GenerationPlan plan, string pack)
    {
        Activity? activity = Source.StartActivity("seedance.generate");
        _ = activity?.SetTag("seedance.pack", pack).SetTag("seedance.size", plan.OutputSize.ToString()).SetTag("seedance.frames", plan.Frames)
            .SetTag("seedance.steps", plan.Schedule.Steps).SetTag("seedance.shots", plan.Shots.Length).SetTag("seedance.images", plan.Conditions.Length);
        return activity;
    }

    /// <summary>Counts a video that has ended.</summary>
    internal static void End(Activity? activity, string outcome)
    {
        Videos.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        _ = activity?.SetStatus(outcome == "failed" ? ActivityStatusCode.Error : ActivityStatusCode.Ok).SetTag("seedance.outcome", outcome);
    }

    internal static void CountFrame() => Frames.Add(1);

    internal static void Record(GenerationStage stage, TimeSpan elapsed) =>
        Durations.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("stage", stage.ToString().ToLowerInvariant()));
}
