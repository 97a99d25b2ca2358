using System.Text.Json.Nodes;

namespace Seedance.Onnx.Cli;

/// <summary>plan: shapes and packs on devices, as text and as JSON, and what it refuses.</summary>
[Trait("Tier", "Unit")]
public sealed class PlanCommandTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task Plan_Shape_SaysThatItIsAPrediction()
    {
        CommandRun run = await _commands.RunAsync("plan", "wan-2.1-1.3b", "--device", "l20", "--price", "2");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.StartsWith("prediction   wan-2.1-1.3b on NVIDIA L20, 48 GB, 275 W; nothing of it was measured\n", run.Output, StringComparison.Ordinal);
        Assert.All(
            ["video        832x480, 81 frames at 16 a second (5.1 s)", "  denoise", "bound by compute", "at 2 an hour", "everything stays loaded", "whole frames", "precisions   fp32", "published times"],
            part => Assert.Contains(part, run.Output, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Plan_Json_HasStagesThatAddUp()
    {
        CommandRun run = await _commands.RunAsync("plan", "seedance-like", "--device", "H100", "--resolution", "1080p", "--duration", "5", "--json");

        JsonObject report = JsonNode.Parse(run.Output)!.AsObject();
        JsonObject[] stages = [.. report["stages"]!.AsArray().Select(stage => stage!.AsObject())];
        Assert.Equal((true, "h100", 1920, 1088, 121), ((bool)report["prediction"]!, (string?)report["device"], (int)report["width"]!, (int)report["height"]!, (int)report["frames"]!));
        Assert.Equal(["text", "denoise", "upscale", "decode", "encode"], stages.Select(stage => (string?)stage["name"]));
        Assert.Equal((double)report["totalSeconds"]!, stages.Sum(stage => (double)stage["seconds"]!), 1e-9);
        Assert.All(stages, stage => Assert.All(["seconds", "flops", "bytes", "bound", "weightBytes", "workingBytes"], key => Assert.True(stage.ContainsKey(key))));
        Assert.Equal(["compute", "compute", "compute", "compute", "host"], stages.Select(stage => (string?)stage["bound"]));
    }

    [SkippableFact]
    public async Task Plan_Pack_CountsItsGraphs()
    {
        CommandRun run = await _commands.RunAsync("plan", _commands.Pack, "--device", "l20", "--frames", "9", "--json");

        JsonObject report = JsonNode.Parse(run.Output)!.AsObject();
        Assert.Equal(("tiny", 48, 32, 9), ((string?)report["model"], (int)report["width"]!, (int)report["height"]!, (int)report["frames"]!));
        Assert.Equal(["text", "denoise", "decode", "encode"], report["stages"]!.AsArray().Select(stage => (string?)stage!["name"]));
    }

    [SkippableTheory]
    [InlineData("plan wan", "PACK|SHAPE must be a pack's folder, a JSON file or one of hunyuan-video-13b,")]
    [InlineData("plan wan-2.1-14b", "--device must be given, but is missing. Take one of l20,")]
    [InlineData("plan wan-2.1-14b --device abacus", "Device must be one of l20,")]
    [InlineData("plan wan-2.1-14b --device l20 --resolution 4k", "--resolution must be one of 480p, 720p, or a size in multiples of 8 pixels, for wan-2.1-14b, but is '4k'.")]
    [InlineData("plan wan-2.1-14b --device l20 --frames 80", "--frames must be 1 + a multiple of 4 and at most 1048576 for wan-2.1-14b, but is 80.")]
    [InlineData("plan wan-2.1-14b --device l20 --frames 81 --duration 5", "--frames and --duration must not be given together")]
    [InlineData("plan wan-2.1-14b --device l20 --precision fp4", "--precision must be one of fp32, fp16, bf16, fp8, int8, but is 'fp4'.")]
    [InlineData("plan wan-2.1-14b --device l20 --attention slow", "Attention must be one of flash2, flash3, sage2 on this device, but is 'slow'.")]
    [InlineData("plan wan-2.1-14b --device l20 --price 0 --tokens 5", "--tokens must come with a pack")]
    [InlineData("plan missing.json --device l20", "Shape '")]
    public async Task Plan_WhatMakesNoSense_IsRefused(string words, string problem)
    {
        CommandRun run = await _commands.RunAsync(words.Split(' '));

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
    }
}
