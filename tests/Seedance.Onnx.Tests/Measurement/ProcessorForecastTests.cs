using System.Globalization;
using Seedance.Onnx.Forecasts;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Xunit.Abstractions;

namespace Seedance.Onnx.Measurement;

/// <summary>What is foretold for the processor that this runs on, against what making the video took there.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Model")]
public sealed class ProcessorForecastTests(ITestOutputHelper output)
{
    /// <summary>A quarter is the aim on a machine that does nothing else; other programs disturb the probe and the runs differently.</summary>
    private const double MostTimes = 2.5;

    /// <summary>In the first two or three, the compiler of .NET still works beside the graphs.</summary>
    private const int Runs = 9;

    /// <summary>A round that something disturbs is measured again.</summary>
    private const int MostRounds = 3;

    [SkippableTheory]
    [InlineData(17)]
    [InlineData(41)]
    public async Task Run_ForThisProcessor_IsNearWhatBenchMeasures(int frames)
    {
        try
        {
            _ = Media.FFmpegTool.Find(new Media.FFmpegOptions());
        }
        catch (ExecutionTargetException missing)
        {
            Skip.If(true, missing.Message);
        }

        BenchmarkCase one = new() { Name = "", Group = "", Pack = ReferenceRun.Pack, Request = new VideoRequest { Prompt = "a red ball on the left moves right", Seed = 1, Frames = frames } };
        using PackBenchmark benchmark = new(Runs);

        List<string> problems = [];
        for (int round = 0; round < MostRounds; round++)
        {
            problems = await ForetellAsync(benchmark, one);
            if (problems.Count == 0)
            {
                break;
            }
        }

        Assert.Empty(problems);
    }

    /// <summary>Measures and foretells once.</summary>
    /// <returns>What was foretold otherwise than it may be.</returns>
    private async Task<List<string>> ForetellAsync(PackBenchmark benchmark, BenchmarkCase one)
    {
        CaseReport measured = await benchmark.RunAsync(one);
        DeviceSheet device = ProcessorProbe.Measure();
        EfficiencySheet efficiency = EfficiencySheet.All.First(sheet => sheet.Name == device.Efficiency);
        ModelPack pack = ModelPack.Open(one.Pack);
        List<string> problems = [];
        foreach (StageWork work in PackWork.Of(pack, GenerationPlan.Create(one.Request, pack), tokens: measured.Tokens))
        {
            double seconds = Forecaster.Run(work, device, efficiency, efficiency.Attention[0], NumberFormat.Fp32).Seconds;
            double taken = measured.Find(work.Name == StageWork.Denoise ? "step" : work.Name)!.PerVideo.TotalSeconds;
            string line = string.Create(CultureInfo.InvariantCulture, $"{work.Name,-8} foretold {1000 * seconds,8:0.0} ms, measured {1000 * taken,8:0.0} ms: {(seconds / taken) - 1:+0%;-0%;0%}");
            output.WriteLine(line);
            foreach (OperatorWork operators in work.Operators)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"         {operators.Class}: {operators.Flops:g3} operations, {operators.Values:g3} values, {operators.Launches:0} nodes"));
            }

            // Reading a prompt of a few words takes a millisecond, most of it outside the graphs.
            if (work.Name != StageWork.Text && (seconds > taken * MostTimes || seconds < taken / MostTimes))
            {
                problems.Add($"{line}; must be foretold to {MostTimes} times what it took.");
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"products {1000 * device.Tflops[NumberFormat.Fp32]:0} GFLOP/s now and {measured.MachineGflops:0} before, {device.GigabytesPerSecond:0.0} GB/s, {1000 * device.Texponentials:0.0} G exponentials/s"));
        return problems;
    }
}
