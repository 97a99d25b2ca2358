using System.Text.Json.Nodes;

namespace Seedance.Onnx.Cli;

/// <summary>inspect: a pack as text and as JSON, whole and damaged.</summary>
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
}
