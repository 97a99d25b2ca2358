using System.Diagnostics;
using System.Globalization;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Xunit.Abstractions;

namespace Seedance.Onnx.Measurement;

/// <summary>What a second of video takes in videos of several lengths, made in turns by one pipeline of the shipped pack: compared with one another, never times.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Model")]
public sealed class LongVideoTimeTests(ITestOutputHelper output)
{
    /// <summary>How far apart the slowest and the fastest second may be, on a machine that does other things too.</summary>
    private const double Most = 1.25;

    /// <summary>How far apart they are where nothing else runs; no more rounds are made once they are.</summary>
    private const double Quiet = 1.1;

    /// <summary>How often each is made; its fastest time counts.</summary>
    private const int Rounds = 6;

    /// <summary>5, 10, 30 and 60 seconds: one window to twelve.</summary>
    private static readonly int[] Lengths = [41, 81, 241, 481];

    [Fact]
    public async Task GenerateAsync_FiveSecondsToAMinute_TakesAsLongForEachSecond()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack);
        GenerationPlan[] plans = [.. await Task.WhenAll(Lengths.Select(frames => pipeline.PlanAsync(new VideoRequest { Prompt = "a red ball on the left moves right", Frames = frames, Seed = 1 })))];
        _ = await MeasureAsync(pipeline, plans[1]); // loads the graphs that a single window does not need

        double[] times = [.. plans.Select(_ => double.PositiveInfinity)];
        double apart = double.PositiveInfinity;
        for (int round = 0; round < Rounds && !(apart <= Quiet); round++)
        {
            for (int i = 0; i < plans.Length; i++)
            {
                times[i] = Math.Min(times[i], await MeasureAsync(pipeline, plans[i]));
            }

            apart = times.Max() / times.Min();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", times.Select((time, i) => $"{time:0.0} ms for each of {plans[i].Duration.TotalSeconds:0} s"))}: {apart:0.000} apart"));
        }

        Assert.True(apart <= Most, $"Seconds of videos of all lengths must take as long to {Most}, but the slowest take {apart:0.000} times as long as the fastest.");
    }

    /// <summary>Milliseconds for each second of a video.</summary>
    private static async Task<double> MeasureAsync(VideoPipeline pipeline, GenerationPlan plan)
    {
        long began = Stopwatch.GetTimestamp();
        await foreach (VideoFrame _ in pipeline.GenerateAsync(plan))
        {
            // Frames are only waited for.
        }

        return Stopwatch.GetElapsedTime(began).TotalMilliseconds / plan.Duration.TotalSeconds;
    }
}
