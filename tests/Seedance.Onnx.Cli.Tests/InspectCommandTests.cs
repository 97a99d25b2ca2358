using System.Text.Json.Nodes;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Cli;

/// <summary>inspect: packs and graphs as text and as JSON, whole and damaged.</summary>
[Trait("Tier", "Unit")]
public sealed class InspectCommandTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task Inspect_WholePack_ShowsContractGraphsAndFiles()
    {
        CommandRun run = await _commands.RunAsync("inspect", _commands.Pack);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.StartsWith("tiny 1.0.0 (Apache-2.0)\n", run.Output, StringComparison.Ordinal);
        Assert.All(
            [
                "sizes     48x32, 32x32, 32x48", "1 + a multiple of 4 frames at 8 a second, up to 17 (2.1 s); 5 (0.6 s) if not specified",
                "4 channels for 8x8 pixels and 4 frames, the first frame by itself", "euler, 4 steps, guidance 1.5, shift 2", "up to 48 tokens",
                "4 noisy + 1 mask + 4 condition", "in  hidden_states            float32 [B, 9, f, h, w]", "out sample                   float32 [B, 3, F, H, W]",
                "tokenizer/model.onnx", "scheduler/scheduler_config.json", "verified: every file is as seedance.json states",
            ],
            part => Assert.Contains(part, run.Output, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Inspect_Json_IsOneObject()
    {
        CommandRun run = await _commands.RunAsync("inspect", _commands.Pack, "--json");

        JsonObject report = JsonNode.Parse(run.Output)!.AsObject();
        Assert.Equal(("tiny", "1.0.0", "Apache-2.0"), ((string?)report["name"], (string?)report["version"], (string?)report["license"]));
        Assert.Equal("""["48x32","32x32","32x48"]""", report["video"]!["sizes"]!.ToJsonString());
        Assert.Equal((4, 4, 8), ((int)report["latents"]!["channels"]!, (int)report["latents"]!["temporalStride"]!, (int)report["latents"]!["spatialStride"]!));
        Assert.Equal(("euler", 4, 2.0), ((string?)report["sampling"]!["solver"], (int)report["sampling"]!["steps"]!, (double)report["sampling"]!["shift"]!));
        Assert.Equal("""["B",9,"f","h","w"]""", report["graphs"]!["transformer"]!["inputs"]!["hidden_states"]!["shape"]!.ToJsonString());
        Assert.Equal(5, report["files"]!.AsObject().Count);
        Assert.Equal("""{"ok":true,"problems":[]}""", report["verification"]!.ToJsonString());
    }

    [SkippableFact]
    public async Task Inspect_RenamedTensor_ShowsBothNames()
    {
        _commands.ChangeContract(contract => contract["graphs"]!["vae_decoder"]!["outputs"]!["sample"]!["name"] = "images");

        CommandRun run = await _commands.RunAsync("inspect", _commands.Pack);

        Assert.Contains("float32 [B, 3, F, H, W] ('images' in the file)", run.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Inspect_TwoExperts_ShowsWhereTheSecondBegins()
    {
        _commands.ChangeContract(contract =>
        {
            contract["graphs"]!["transformer_2"] = contract["graphs"]!["transformer"]!.DeepClone();
            contract["sampling"]!["boundary_ratio"] = 0.875;
            contract["sampling"]!["guidance_2"] = 3;
        });

        CommandRun run = await _commands.RunAsync("inspect", _commands.Pack);

        Assert.Contains("experts   transformer_2 below timestep 875 of 1000, guidance 3", run.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Inspect_DamagedPack_ShowsItAndFails()
    {
        File.AppendAllText(Path.Combine(_commands.Pack, "transformer", "model.onnx"), "x");
        File.WriteAllText(Path.Combine(_commands.Pack, "stray.txt"), "x");

        CommandRun run = await _commands.RunAsync("inspect", _commands.Pack, "--json");

        Assert.Equal(3, run.ExitCode);
        JsonNode verification = JsonNode.Parse(run.Output)!["verification"]!;
        Assert.False((bool)verification["ok"]!);
        Assert.Equal(2, verification["problems"]!.AsArray().Count);
        Assert.Contains("'transformer/model.onnx' must have sha256", run.Problems[0], StringComparison.Ordinal);
        Assert.Contains("'stray.txt' must be listed", run.Problems[1], StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Inspect_NoPack_IsOneLine()
    {
        CommandRun run = await _commands.RunAsync("inspect", _commands.Work);

        run.AssertFailed(3, "seedance.json must be in the pack, but is missing", "scheduler/scheduler_config.json");
    }

    [SkippableFact]
    public async Task Inspect_PackWithAxes_ShowsTheCostOfEachGraph()
    {
        CommandRun own = await _commands.RunAsync("inspect", _commands.Pack), other = await _commands.RunAsync("inspect", _commands.Pack, "--axis", "B=1", "--axis", "S=5");

        Assert.Contains("a run with encoder_attention_mask [2, 48], encoder_hidden_states [2, 48, 4], hidden_states [2, 9, 2, 4, 6], timestep [2]", own.Output, StringComparison.Ordinal);
        Assert.Contains("a run with encoder_attention_mask [1, 5], encoder_hidden_states [1, 5, 4], hidden_states [1, 9, 2, 4, 6], timestep [1]", other.Output, StringComparison.Ordinal);
        Assert.Matches(@"computes \S+( k)? operations \(\S+( k)? multiply-adds\), moves .+, holds .+ of weights and up to .+ of values", own.Output);
    }

    [SkippableFact]
    public async Task Inspect_Graph_ShowsInterfaceOperatorsWeightsAndCost()
    {
        SmallNetwork.Write(_commands.InWork("small.onnx"));

        CommandRun run = await _commands.RunAsync("inspect", "small.onnx", "--axis", "S=3");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.All(
            [
                "opsets    ai.onnx 18; file format 9", "weights   17 k parameters, 66 kB: float32 66 kB in 6", "metadata  origin = a test", "MatMul 2", "in  x                        float32 [B, S, 64]",
                "out y                        float32 [B, S, 64]", "a run with x [1, 3, 64]", "most in MatMul 9", "/first", "assumed: B = 1; say otherwise with --axis or --shape",
            ],
            part => Assert.Contains(part, run.Output, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Inspect_GraphAsJson_IsOneObjectWithEveryNode()
    {
        SmallNetwork.Write(_commands.InWork("small.onnx"));

        CommandRun run = await _commands.RunAsync("inspect", "small.onnx", "--shape", "x=2,3,64", "--json");

        JsonObject report = JsonNode.Parse(run.Output)!.AsObject(), cost = report["cost"]!.AsObject();
        Assert.Equal((_commands.InWork("small.onnx"), 2, 18), ((string?)report["file"], (int)report["operators"]!["MatMul"]!, (int)report["opsets"]!["ai.onnx"]!));
        Assert.Equal("""["B","S","64"]""", report["inputs"]![0]!["shape"]!.ToJsonString());
        Assert.Equal(2 * 3 * 64 * 128 * 2, (long)cost["multiplyAdds"]!);
        Assert.Equal("[2,3,64]", cost["shapes"]!["x"]!.ToJsonString());
        Assert.Empty(cost["assumed"]!.AsObject());
        Assert.Equal((int)report["nodes"]!, cost["nodes"]!.AsArray().Count);
        Assert.Contains(cost["nodes"]!.AsArray(), node => (string?)node!["name"] == "/second/MatMul");
    }

    [SkippableTheory]
    [InlineData(2, "inspect small.onnx --axis T=1", "Axis 'T' must be one of B, S, but is not.")]
    [InlineData(2, "inspect small.onnx --shape x=1,2", "Input 'x' must be float32 [B, S, 64], but is bound to [1, 2].")]
    [InlineData(2, "inspect PACK --shape text=1", "--shape must come with a graph's file")]
    [InlineData(2, "inspect PACK --axis q=1", "Axis 'q' must be one of ")]
    [InlineData(3, "inspect cut.onnx", "cut.onnx': ")]
    [InlineData(3, "inspect missing.onnx", "missing.onnx': ")]
    public async Task Inspect_WhatCannotBeShown_IsOneLine(int exitCode, string words, string problem)
    {
        SmallNetwork.Write(_commands.InWork("small.onnx"));
        await File.WriteAllBytesAsync(_commands.InWork("cut.onnx"), (await File.ReadAllBytesAsync(_commands.InWork("small.onnx")))[..1000]);

        CommandRun run = await _commands.RunAsync([.. words.Split(' ').Select(word => word == "PACK" ? _commands.Pack : word)]);

        run.AssertFailed(exitCode, problem);
    }
}
