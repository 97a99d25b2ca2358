using Seedance.Onnx.Forecasts;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Measurement;

/// <summary>What bench makes of times, and how a ladder adds up.</summary>
[Trait("Tier", "Unit")]
public sealed class PackBenchmarkTests
{
    [Theory]
    [InlineData(0.5, 3)]
    [InlineData(0.95, 5)]
    [InlineData(0, 1)]
    [InlineData(1, 5)]
    public void Quantile_OfFiveTimes_IsOneOfThem(double share, int expected)
    {
        TimeSpan[] times = [.. new[] { 5, 1, 4, 2, 3 }.Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds))];

        Assert.Equal(TimeSpan.FromMilliseconds(expected), PackBenchmark.Quantile(times, share));
    }

    [Fact]
    public void CasesOf_EachRung_HasAllThatThoseBeforeItBrought()
    {
        using Testing.TemporaryFolder folder = new();
        string path = folder.PathOf("ladder.json");
        File.WriteAllText(path, """
            { "rungs": [
              { "name": "a", "fused": false, "steps": 25, "undistilled": true, "size": "384x256" },
              { "name": "b", "fused": true },
              { "name": "c", "steps": 4, "guidance": 1, "pack": "student", "undistilled": false, "size": "96x64", "upscale": 4, "step_cache": 0.1, "draft": true } ] }
            """);
        BenchmarkCase first = new() { Name = "", Group = "", Pack = "teacher", Request = new VideoRequest { Prompt = "x", Frames = 9 } };

        BenchmarkCase[] cases = [.. Ladder.Read(path).CasesOf(first)];

        Assert.Equal([false, true, true], cases.Select(one => one.FusesOperators));
        Assert.Equal([25, 25, 4], cases.Select(one => one.Request.Steps!.Value));
        Assert.Equal([null, null, 1], cases.Select(one => one.Request.Guidance));
        Assert.Equal(["teacher", "teacher", folder.PathOf("student")], cases.Select(one => one.Pack));
        Assert.Equal([true, true, false], cases.Select(one => one.Request.Undistilled));
        Assert.Equal([(384, 256), (384, 256), (96, 64)], cases.Select(one => (one.Request.Width!.Value, one.Request.Height!.Value)));
        Assert.Equal([(null, null, false), (null, null, false), (4, 0.1, true)], cases.Select(one => (one.Request.Upscale, one.Request.StepCache, one.Request.Draft)));
        Assert.All(cases, one => Assert.Equal(9, one.Request.Frames));
    }

    [Fact]
    public void RatioTo_MachineHalfAsFastMeanwhile_CountsHalfTheTime()
    {
        BenchmarkCase one = new() { Name = "", Group = "", Pack = "", Request = new VideoRequest { Prompt = "x" } };
        CaseReport Report(double seconds, double machine) =>
            new(one, [new StageMeasure("open", default, default, 1, default, TimeSpan.FromSeconds(9), 0, 0, 0), new StageMeasure("step", default, default, 1, default, TimeSpan.FromSeconds(seconds), 0, 0, 0)], default, default, machine, machine, null, 0);

        Assert.Equal(1, Report(2, 50).RatioTo(Report(1, 100)), 1e-12);
        Assert.Equal(0.5, Report(1, 100).RatioTo(Report(2, 100)), 1e-12);
    }

    [SkippableFact]
    public void Distance_TwoProcessors_IsThatOfACacheAndNotOfAThreadThatIsWoken()
    {
        Skip.If(Environment.ProcessorCount < 2, "There is one processor only.");

        double nanoseconds = ProcessorDistance.Measure()!.Value;

        // A trip there and back crosses a cache or a socket: some clock ticks at least, and far less than a time slice.
        Assert.InRange(nanoseconds, 1, 1e5);
    }

    [SkippableFact]
    public void Measure_ThisProcessor_TellsItsPeaks()
    {
        DeviceSheet sheet = ProcessorProbe.Measure();

        Assert.All(new[] { sheet.Tflops[NumberFormat.Fp32], sheet.Tflops[NumberFormat.Integer8], sheet.GigabytesPerSecond, sheet.Texponentials }, value => Assert.True(value > 0));
        Assert.Equal("cpu", sheet.Efficiency);
    }
}
