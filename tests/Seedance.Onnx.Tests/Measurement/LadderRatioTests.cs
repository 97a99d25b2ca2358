using System.Collections.Immutable;
using System.Globalization;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx.Measurement;

/// <summary>The acceleration ladder of the shipped pack against what is stored of it: ratios of times, never times.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Model")]
public sealed class LadderRatioTests(ITestOutputHelper output)
{
    /// <summary>How far a ratio may have grown since it was stored.</summary>
    private const double MostGrown = 1.5;

    /// <summary>How much longer than the median 95 % of the steps may take on a machine that is quiet enough to judge it.</summary>
    private const double MostDisturbed = 1.5;

    private const int Runs = 5;

    [SkippableFact]
    public async Task Ladder_OfTheShippedPack_IsAsFastAsItWas()
    {
        try
        {
            _ = Media.FFmpegTool.Find(new Media.FFmpegOptions());
        }
        catch (ExecutionTargetException missing)
        {
            Skip.If(true, missing.Message);
        }

        Ladder ladder = Ladder.Read(RepositoryFolder.PathOf("bench", "ladder.json"));
        BenchmarkCase first = new() { Name = "", Group = "", Pack = ReferenceRun.Pack, Request = new VideoRequest { Prompt = "a red ball on the left moves right", Seed = 1 } };
        List<string> slower = [];

        using PackBenchmark benchmark = new(Runs);
        List<CaseReport> reports = [];
        ImmutableArray<BenchmarkCase> cases = ladder.CasesOf(first);
        for (int i = 0; i < cases.Length; i++)
        {
            reports.Add(await benchmark.RunAsync(cases[i]));
            double ratio = reports[i].RatioTo(reports[0]);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cases[i].Name,-32} {ratio:0.000} of the first, stored {ladder.Rungs[i].Ratio:0.000}"));
            if (ladder.Rungs[i].Ratio is { } stored && ratio > stored * MostGrown)
            {
                slower.Add(string.Create(CultureInfo.InvariantCulture, $"'{cases[i].Name}' must take at most {MostGrown} times {stored:0.000} of the first rung's time, but takes {ratio:0.000}"));
            }
        }

        double disturbed = reports.Max(report => report.Find("step")!.P95 / report.Find("step")!.Median);
        Skip.If(disturbed > MostDisturbed, string.Create(CultureInfo.InvariantCulture, $"the machine must be quiet, but 5 % of some steps took more than {disturbed:0.0} times their median; the ratios above are not judged"));
        Assert.True(slower.Count == 0, string.Join("; ", slower));
    }
}
