using System.Text.Json.Nodes;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Cli;

/// <summary>optimize: graph files and packs, as text and as JSON, and what is left when it fails.</summary>
[Trait("Tier", "Graph")]
public sealed class OptimizeCommandTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public OptimizeCommandTests()
    {
        SmallNetwork.Write(_commands.InWork("in.onnx"));
    }

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task Optimize_Graph_TellsWhatChangedAndByHowMuch()
    {
        CommandRun run = await _commands.RunAsync("optimize", "in.onnx", "-o", "out.onnx", "--precision", "int8", "--verify", "3", "--axis", "B=2");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.StartsWith("out.onnx: int8 for cpu, 67 kB -> ", run.Output, StringComparison.Ordinal);
        Assert.All(
            ["in.onnx: 67 kB -> ", "passes       ", "activations 1", "int8         2 nodes converted, 0 kept", "output       y differs by ", "measured     on 3 sets of x [2, 8, 64]"],
            part => Assert.Contains(part, run.Output, StringComparison.Ordinal));
        Assert.Equal(["in.onnx", "out.onnx"], _commands.Names);
    }

    [SkippableFact]
    public async Task Optimize_Json_IsOneObject()
    {
        CommandRun run = await _commands.RunAsync("optimize", "in.onnx", "-o", "out.onnx", "--precision", "int4", "--sensitivity", "1", "--keep", "/second/*", "--json");

        JsonObject report = JsonNode.Parse(run.Output)!.AsObject(), graph = report["graphs"]!["in.onnx"]!.AsObject();
        Assert.Equal((_commands.InWork("out.onnx"), "cpu", "int4"), ((string?)report["output"], (string?)report["target"], (string?)report["precision"]));
        Assert.Equal(1, (int)graph["passes"]!["activations"]!);
        Assert.Equal("""["/first/MatMul","/second/MatMul"]""", new JsonArray([.. graph["kept"]!.AsArray().Select(name => (string?)name).Order().Select(name => JsonValue.Create(name))]).ToJsonString());
        Assert.Equal("/first/MatMul", (string?)graph["sensitiveKeeps"]![0]!["node"]);
        Assert.InRange((double)graph["sensitiveKeeps"]![0]!["relativeError"]!, 1e-4, 0.1);
        Assert.InRange((double)graph["differences"]!["y"]!["relativeRms"]!, 0, 1e-5);
        Assert.Equal(new FileInfo(_commands.InWork("out.onnx")).Length, (long)report["bytes"]!["after"]!);
        Assert.Equal("[1,8,64]", graph["shapes"]!["x"]!.ToJsonString());
    }

    [SkippableFact]
    public async Task Optimize_Again_SaysThatThereIsNothingToDo()
    {
        _ = await _commands.RunAsync("optimize", "in.onnx", "-o", "out.onnx", "--no-verify");

        CommandRun run = await _commands.RunAsync("optimize", "out.onnx", "-o", "again.onnx", "--no-verify");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.StartsWith("again.onnx: nothing to do, written as it was, ", run.Output, StringComparison.Ordinal);
        Assert.Contains("passes       nothing to do\n  outputs      not compared", run.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Optimize_Pack_IsAPackThatInspectFindsWhole()
    {
        CommandRun run = await _commands.RunAsync("optimize", _commands.Pack, "-o", "fast", "--precision", "fp16", "--graph", "transformer", "--graph", "vae_decoder");
        CommandRun inspect = await _commands.RunAsync("inspect", "fast");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.StartsWith("fast: fp16 for cpu, ", run.Output, StringComparison.Ordinal);
        Assert.Contains("\ntransformer: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("\nvae_decoder: ", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("text_encoder", run.Output, StringComparison.Ordinal);
        Assert.Equal((0, ""), (inspect.ExitCode, inspect.Error));
        Assert.Contains("Optimised for cpu; transformer, vae_decoder in fp16.\n", inspect.Output, StringComparison.Ordinal);
        Assert.Contains("verified: every file", inspect.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Optimize_ManyProblems_AreALineEachAndNothingIsWritten()
    {
        await File.WriteAllTextAsync(_commands.InWork("out.onnx"), "mine");

        CommandRun run = await _commands.RunAsync(
            "optimize", "in.onnx", "-o", "out.onnx", "--target", "webgpu", "--precision", "int8", "--graph", "transformer", "--axis", "T=2", "--shape", "x=1,2", "--input", "x=none.npy");

        run.AssertFailed(
            2,
            "out.onnx' must not exist, but does.",
            "Precision int8 must be for target cpu",
            "none.npy' does not exist",
            "'transformer' are chosen and the input is no folder",
            "Input 'x' must be float32 [B, S, 64], but is bound to [1, 2].",
            "Axis 'T' must be one of B, S");
        Assert.Equal("mine", await File.ReadAllTextAsync(_commands.InWork("out.onnx")));
        Assert.Equal(["in.onnx", "out.onnx"], _commands.Names);
    }

    [SkippableTheory]
    [InlineData("optimize in.onnx -o out.onnx --axis T=2 --shape x=1,2", "Input 'x' must be float32 [B, S, 64], but is bound to [1, 2].", "Axis 'T' must be one of B, S")]
    [InlineData("optimize in.onnx -o out.onnx --precision fp8 --target tpu", "--target must be one of cpu, cuda, tensorrt, webgpu, but is 'tpu'.", "--precision must be one of fp32, fp16, int8, int8-weights, int4, but is 'fp8'.")]
    [InlineData("optimize in.onnx -o out.onnx --axis B --axis B=0 --shape x=1,b", "--axis must be a name, = and a length", "--axis must be a name, = and a length", "--shape must be a name, = and lengths")]
    [InlineData("optimize in.onnx -o out.onnx --verify 2 --no-verify", "--verify must come without --no-verify")]
    [InlineData("optimize in.onnx -o out.onnx --verify 0", "--verify must be a whole number from 1 to 1000, but is '0'.")]
    [InlineData("optimize in.onnx -o out.onnx --keep *", "Nodes to keep must come with a precision other than fp32")]
    [InlineData("optimize in.onnx -o out.onnx --precision int8 --keep nothing", "'nothing' matches none")]
    [InlineData("optimize in.onnx -o out.onnx --sensitivity 1", "Choose a precision, and let it run.")]
    [InlineData("optimize in.onnx -o in.onnx --overwrite", "must lie apart from the input")]
    [InlineData("optimize in.onnx -o no/out.onnx", "must be in a folder that exists")]
    [InlineData("optimize in.onnx", "'--output'")]
    [InlineData("optimize -o out.onnx", "GRAPH|PACK must be given, but is missing. See: seedance optimize --help")]
    public async Task Optimize_WhatIsNotPossible_IsExitCode2(string words, params string[] problems)
    {
        CommandRun run = await _commands.RunAsync(words.Split(' '));

        run.AssertFailed(2, problems);
        Assert.Equal(["in.onnx"], _commands.Names);
    }

    [SkippableFact]
    public async Task Optimize_FileThatIsNoGraph_IsExitCode3()
    {
        await File.WriteAllTextAsync(_commands.InWork("broken.onnx"), "no graph");

        CommandRun broken = await _commands.RunAsync("optimize", "broken.onnx", "-o", "out.onnx");
        CommandRun missing = await _commands.RunAsync("optimize", "missing.onnx", "-o", "out.onnx");

        Assert.Equal((3, 3), (broken.ExitCode, missing.ExitCode));
        Assert.Contains("broken.onnx", Assert.Single(broken.Problems), StringComparison.Ordinal);
        Assert.Contains("missing.onnx", Assert.Single(missing.Problems), StringComparison.Ordinal);
        Assert.Equal(["broken.onnx", "in.onnx"], _commands.Names);
    }

    [SkippableFact]
    public async Task Optimize_Cancelled_Is130AndLeavesNothing()
    {
        using CancellationTokenSource source = new();
        using StopOnText error = new("comparing", source);

        CommandRun run = await _commands.RunAsync(error, showProgress: true, source.Token, "optimize", "in.onnx", "-o", "out.onnx");

        Assert.Equal((130, ""), (run.ExitCode, run.Output));
        Assert.EndsWith("seedance: Cancelled; nothing was written.\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(["in.onnx"], _commands.Names);
    }

    /// <summary>A terminal that cancels when a text is shown on it.</summary>
    private sealed class StopOnText(string text, CancellationTokenSource source) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true)
            {
                source.Cancel();
            }
        }
    }
}
