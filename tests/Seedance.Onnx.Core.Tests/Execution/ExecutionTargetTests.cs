using System.Collections.Immutable;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Core.Tests.Execution;

[Trait("Tier", "Unit")]
public sealed class ExecutionTargetTests
{
    private static readonly ExecutionTarget Nvidia = new() { Providers = [ExecutionProvider.TensorRt, ExecutionProvider.Cuda], DeviceId = 2, Precision = ComputePrecision.Fp16, Threads = 3 };

    [Fact]
    public void Chain_NothingSpecified_IsTheCpu() => Assert.Equal([ExecutionProvider.Cpu], ExecutionTarget.Unspecified.Chain);

    [Fact]
    public void TryParse_Auto_PrefersTheFastestAndEndsOnTheCpu()
    {
        bool known = ExecutionTarget.TryParse("auto", out ExecutionTarget target);

        Assert.True(known);
        Assert.Equal([ExecutionProvider.TensorRt, ExecutionProvider.Cuda, ExecutionProvider.WebGpu, ExecutionProvider.Cpu], target.Chain);
    }

    [Theory, InlineData("cpu", ExecutionProvider.Cpu), InlineData("webgpu", ExecutionProvider.WebGpu), InlineData("CUDA", ExecutionProvider.Cuda),
     InlineData("tensorrt", ExecutionProvider.TensorRt)]
    public void TryParse_ProviderByName_IsThatOneAndNoOther(string name, ExecutionProvider provider)
    {
        bool known = ExecutionTarget.TryParse(name, out ExecutionTarget target);

        Assert.True(known);
        Assert.Equal([provider], target.Chain);
    }

    [Theory, InlineData(null), InlineData("gpu"), InlineData("auto,cpu")]
    public void TryParse_AnythingElse_IsNoTarget(string? name) => Assert.False(ExecutionTarget.TryParse(name, out _));

    [Fact]
    public void Over_ThreeLayers_TakesEachFromTheUppermostThatSaysIt()
    {
        ExecutionTarget code = new() { Threads = 8 }, host = new() { DeviceId = 1, Cuda = new CudaOptions { Tf32 = true } };

        ExecutionTarget all = code.Over(host).Over(Nvidia);

        Assert.Equal((8, 1, ComputePrecision.Fp16), (all.Threads, all.DeviceId, all.Precision));
        Assert.Equal(Nvidia.Providers, all.Chain);
        Assert.True(all.Cuda!.Tf32);
        Assert.Null(all.InterOpThreads);
    }

    [Fact]
    public void Over_ProvidersWithoutDevices_LeavesDeviceAndPrecisionOut()
    {
        ExecutionTarget all = ExecutionTarget.Cpu.Over(Nvidia);

        Assert.Equal((null, null, 3), (all.DeviceId, all.Precision, all.Threads));
        Assert.Empty(all.FindProblems());
    }

    [Fact]
    public void Over_LowerLayerHasGraphs_WhatTheUpperSaysOfAllCountsMore()
    {
        ExecutionTarget pack = Nvidia with { Graphs = Graphs("vae_decoder", new ExecutionTarget { Precision = ComputePrecision.Fp32, Threads = 1 }) };

        ExecutionTarget all = new ExecutionTarget { Threads = 6 }.Over(pack);

        Assert.Equal((ComputePrecision.Fp32, 6), (all.ForGraph("vae_decoder").Precision, all.ForGraph("vae_decoder").Threads));
        Assert.Equal((ComputePrecision.Fp16, 6), (all.ForGraph("transformer").Precision, all.ForGraph("transformer").Threads));
    }

    [Fact]
    public void Over_UpperLayerHasGraphs_TheyCountMost()
    {
        ExecutionTarget code = ExecutionTarget.Auto with { Graphs = Graphs("text_encoder", ExecutionTarget.Cpu) };

        ExecutionTarget all = code.Over(Nvidia);

        Assert.Equal([ExecutionProvider.Cpu], all.ForGraph("text_encoder").Chain);
        Assert.Null(all.ForGraph("text_encoder").DeviceId);
        Assert.Equal(ExecutionTarget.Auto.Providers, all.ForGraph("transformer").Chain);
        Assert.Empty(all.FindProblems());
    }

    [Fact]
    public void FindProblems_EverythingWrong_TellsAllAtOnce()
    {
        ExecutionTarget target = new()
        {
            Providers = [ExecutionProvider.Cpu],
            DeviceId = 1,
            Precision = ComputePrecision.Bf16,
            Threads = 0,
            InterOpThreads = 1025,
            Cuda = new CudaOptions { MemoryLimitBytes = 0 },
            TensorRt = new TensorRtOptions { WorkspaceBytes = -1, BuilderLevel = 6, EngineCache = false, Context = EngineContext.External, Axes = ImmutableSortedDictionary<string, AxisRange>.Empty.Add("f", new AxisRange(3, 2, 5)) },
            Graphs = Graphs("upsampler", new ExecutionTarget { Graphs = Graphs("transformer", ExecutionTarget.Cpu) }),
        };

        IReadOnlyList<string> problems = target.FindProblems();

        string[] expected =
        [
            "The device must be 0 on cpu", "The precision must be fp32 on cpu", "The number of threads must be from 1 to 1024, but is 0.",
            "The number of inter-op threads must be from 1 to 1024, but is 1025.", "The memory limit of provider 'cuda' must be above 0 bytes", "The workspace of provider 'tensorrt' must be above 0 bytes",
            "The builder level of provider 'tensorrt' must be from 0 to 5, but is 6.", "Axis f of provider 'tensorrt' must be a length, or min ≤ opt ≤ max, from 1, but is [3, 2, 5].",
            "The engine cache of provider 'tensorrt' must be on", "one is 'upsampler'", "must not have graphs itself",
        ];
        Assert.Equal(expected.Length, problems.Count);
        Assert.All(expected.Zip(problems), pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public void FindProblems_ProvidersThatContradict_SaysHow()
    {
        Assert.Contains("must be at least one", Assert.Single(new ExecutionTarget { Providers = [] }.FindProblems()), StringComparison.Ordinal);
        Assert.Contains("must be the last one", Assert.Single(new ExecutionTarget { Providers = [ExecutionProvider.Cpu, ExecutionProvider.Cuda] }.FindProblems()), StringComparison.Ordinal);
        Assert.Contains("once each, but are cuda, cuda", Assert.Single(new ExecutionTarget { Providers = [ExecutionProvider.Cuda, ExecutionProvider.Cuda] }.FindProblems()), StringComparison.Ordinal);
        Assert.Contains("number 9", Assert.Single(new ExecutionTarget { Providers = [(ExecutionProvider)9] }.FindProblems()), StringComparison.Ordinal);
    }

    [Fact]
    public void FindProblems_OneGraphContradicts_NamesIt()
    {
        ExecutionTarget target = Nvidia with { Graphs = Graphs("vae_decoder", ExecutionTarget.Cpu with { DeviceId = 1 }) };

        Assert.StartsWith("Graph 'vae_decoder': The device must be 0 on cpu", Assert.Single(target.FindProblems()), StringComparison.Ordinal);
    }

    private static ImmutableSortedDictionary<string, ExecutionTarget> Graphs(string role, ExecutionTarget target) =>
        ImmutableSortedDictionary<string, ExecutionTarget>.Empty.Add(role, target);
}
