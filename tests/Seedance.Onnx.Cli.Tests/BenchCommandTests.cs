using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Seedance.Onnx.Cli;

/// <summary>bench: sweeps, ladders and plots of the tiny pack, and what it refuses.</summary>
[Trait("Tier", "Graph")]
public sealed class BenchCommandTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task Bench_SweepAndLadder_MeasuresEveryStageOfEachCase()
    {
        File.WriteAllText(_commands.InWork("ladder.json"), """{ "rungs": [ { "name": "slow", "fused": false, "steps": 4 }, { "name": "fast", "fused": true, "steps": 2, "scores": "scores.json", "ratio": 0.5 } ] }""");
        File.WriteAllText(_commands.InWork("scores.json"), """{ "overall": { "total": 71.5 } }""");

        CommandRun run = await _commands.RunAsync(
            "bench", _commands.Pack, "--runs", "2", "--sweep", "frames=1,9", "--ladder", "ladder.json", "--plot", "bench.svg", "--markdown", "bench.md", "--json");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        JsonObject report = JsonNode.Parse(run.Output)!.AsObject();
        JsonObject[] cases = [.. report["cases"]!.AsArray().Select(one => one!.AsObject())];
        Assert.Equal(["as it is", "frames 1", "frames 9", "slow", "fast"], cases.Select(one => (string?)one["name"]));
        Assert.All(cases, one =>
        {
            JsonObject[] stages = [.. one["stages"]!.AsArray().Select(stage => stage!.AsObject())];
            Assert.Equal(["open cold", "open", "text", "step", "decode", "encode"], stages.Select(stage => (string?)stage["name"]));
            Assert.All(stages, stage => Assert.True((double)stage["medianMilliseconds"]! > 0));
            Assert.All(stages.Where(stage => (string?)stage["name"] is "step" or "decode"), stage => Assert.True((double)stage["flops"]! > 0 && (double)stage["shareOfPeak"]! > 0));
            // Before two videos and after each.
            Assert.Equal(Environment.ProcessorCount > 1 ? 3 : 0, one["handoffNanoseconds"]!.AsArray().Count(trip => (double)trip! > 0));
        });
        // Two videos of 4 steps, of which the first has no beginning; and of 2.
        Assert.Equal((6, 2), (StepRuns(cases[3]), StepRuns(cases[4])));
        Assert.Equal(71.5, (double)report["ladder"]![1]!["score"]!);
        Assert.Null(report["ladder"]![0]!["score"]);
        Assert.Equal(1, (double)report["ladder"]![0]!["ratio"]!, 1e-9);
        XDocument plot = XDocument.Parse(File.ReadAllText(_commands.InWork("bench.svg")));
        Assert.Contains(plot.Descendants(), element => element.Name.LocalName == "text" && element.Value == "frames 9");
        Assert.Contains("| fast |", File.ReadAllText(_commands.InWork("bench.md")), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("--sweep colour=red", "--sweep must be one of steps, frames, duration, size, precision, provider, = and values with commas between, but is 'colour=red'.")]
    [InlineData("--sweep frames=9,x", "--sweep frames must have whole numbers, but has 'x'.")]
    [InlineData("--sweep frames=9,10", "frames 10: Frames must be 1 + a multiple of 4, up to 17, but is 10.")]
    [InlineData("--ladder missing.json", "Ladder '")]
    [InlineData("--ladder wrong.json", "Ladder 'wrong.json': $.rungs[0].precision must be one of fp32, fp16, int8, int8-weights, int4, but is 'fp3'.")]
    [InlineData("--ladder wrong.json", "Ladder 'wrong.json': $.rungs[0].size must be a width and a height in pixels, such as 96x64, but is 'large'.")]
    [InlineData("--upscale 2", "upscale")]
    [InlineData("--ladder odd.json", "Ladder 'odd.json' must be a ladder in JSON, but is not:")]
    public async Task Bench_WhatMakesNoSense_IsRefusedBeforeAnythingRuns(string words, string problem)
    {
        File.WriteAllText(_commands.InWork("wrong.json"), """{ "rungs": [ { "name": "a", "precision": "fp3", "size": "large" } ] }""");
        File.WriteAllText(_commands.InWork("odd.json"), """{ "rungs": [ { "name": "a", "colour": "red" } ] }""");

        CommandRun run = await _commands.RunAsync(["bench", _commands.Pack, .. words.Split(' ')]);

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
    }

    private static int StepRuns(JsonObject one) => (int)one["stages"]!.AsArray().First(stage => (string?)stage!["name"] == "step")!["runs"]!;
}
