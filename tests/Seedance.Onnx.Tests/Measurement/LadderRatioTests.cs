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

    /// <summary>How often it is measured until no rung is slower: what disturbs one round is gone in another, and what has become slower is so in each.</summary>
    private const int Rounds = 3;

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
        using PackBenchmark benchmark = new(Runs);
        ImmutableArray<BenchmarkCase> cases = ladder.CasesOf(first);
        double[] ratios = [.. cases.Select(_ => double.PositiveInfinity)];
        bool IsSlower(int rung) => ladder.Rungs[rung].Ratio is { } stored && ratios[rung] > stored * MostGrown;
        for (int round = 0; round < Rounds && (round == 0 || Enumerable.Range(0, cases.Length).Any(IsSlower)); round++)
        {
            List<CaseReport> reports = [];
            for (int i = 0; i < cases.Length; i++)
            {
                reports.Add(await benchmark.RunAsync(cases[i]));
                double ratio = reports[i].RatioTo(reports[0]);
                ratios[i] = Math.Min(ratios[i], ratio);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cases[i].Name,-32} {ratio:0.000} of the first, stored {ladder.Rungs[i].Ratio:0.000}"));
            }
        }

        string[] slower = [.. Enumerable.Range(0, cases.Length).Where(IsSlower)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"'{cases[i].Name}' must take at most {MostGrown} times {ladder.Rungs[i].Ratio:0.000} of the first rung's time, but takes {ratios[i]:0.000}"))];
        Assert.True(slower.Length == 0, string.Join("; ", slower));
    }
}
