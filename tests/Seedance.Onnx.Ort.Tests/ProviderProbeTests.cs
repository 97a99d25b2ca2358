using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

public sealed class ProviderProbeTests
{
    [Fact, Trait("Tier", "Unit")]
    public void Resolve_PreferredOnesHaveObstacles_TakesTheNextAndSaysWhy()
    {
        ResolvedTarget resolved = ProviderProbe.Resolve(
            ExecutionTarget.Auto, provider => provider is ExecutionProvider.WebGpu or ExecutionProvider.Cpu ? null : $"lacks {provider}.");

        Assert.Equal(ExecutionProvider.WebGpu, resolved.Provider);
        Assert.Equal(
            [new SkippedProvider(ExecutionProvider.TensorRt, "lacks TensorRt."), new SkippedProvider(ExecutionProvider.Cuda, "lacks Cuda.")], resolved.Skipped);
    }

    [Fact, Trait("Tier", "Unit")]
    public void Resolve_AllHaveObstacles_NamesEach()
    {
        ExecutionTarget target = new() { Providers = [ExecutionProvider.TensorRt, ExecutionProvider.Cuda] };

        ExecutionTargetException error = Assert.Throws<ExecutionTargetException>(() => ProviderProbe.Resolve(target, _ => "needs a card."));

        Assert.EndsWith("Provider 'tensorrt' needs a card. Provider 'cuda' needs a card.", error.Message, StringComparison.Ordinal);
    }

    [Theory, Trait("Tier", "Unit"), InlineData(ExecutionProvider.Cuda, "libcudnn.so.9", "cuDNN"), InlineData(ExecutionProvider.TensorRt, "libnvinfer.so.10", "TensorRT"),
     InlineData(ExecutionProvider.TensorRt, "libcuda.so.1", "driver")]
    public void FindMissing_OneLibraryDoesNotLoad_NamesItAndWhatToInstall(ExecutionProvider provider, string library, string remedy)
    {
        string? missing = NativeRequirement.FindMissing(provider, name => name != library);

        Assert.Contains(library, missing, StringComparison.Ordinal);
        Assert.Contains(remedy, missing, StringComparison.Ordinal);
        Assert.Null(NativeRequirement.FindMissing(provider, _ => true));
    }

    [Fact, Trait("Tier", "Unit")]
    public void Chain_TensorRt_LeavesTheRestToCuda()
    {
        Assert.Equal([ExecutionProvider.TensorRt, ExecutionProvider.Cuda], ProviderSetup.Chain(ExecutionProvider.TensorRt));
        Assert.Equal("Cuda", ProviderSetup.MemoryName(ExecutionProvider.TensorRt));
    }

    [SkippableTheory, Trait("Tier", "Graph"), InlineData(ExecutionProvider.Cuda), InlineData(ExecutionProvider.TensorRt)]
    public void Resolve_WithoutTheGpuLibraries_NamesTheMissingOne(ExecutionProvider provider)
    {
        Skip.If(File.Exists(Path.Combine(AppContext.BaseDirectory, "libonnxruntime_providers_shared.so")), "The CUDA and TensorRT libraries are built in.");
        Skip.IfNot(OperatingSystem.IsLinux(), "Libraries are looked for on Linux only.");

        ExecutionTargetException error = Assert.Throws<ExecutionTargetException>(() => new ExecutionTarget { Providers = [provider] }.Resolve());

        Assert.Contains($"'{provider.ToName()}' needs the library libonnxruntime_providers_shared.so", error.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Tier", "Graph")]
    public void Resolve_DeviceThatTheCpuLacks_IsRefused()
    {
        ExecutionTargetException error = Assert.Throws<ExecutionTargetException>(() => new ExecutionTarget { DeviceId = 1 }.Resolve());

        Assert.Contains("must be 0 on cpu", error.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Tier", "Unit")]
    public void FindObstacle_HalfPrecisionOnTheCpu_SaysThatTheFileDecides() => Assert.Contains(
        "not in fp16", ProviderProbe.FindObstacle(ExecutionProvider.Cpu, ExecutionTarget.Auto with { Precision = ComputePrecision.Fp16 }), StringComparison.Ordinal);

    [Fact, Trait("Tier", "Graph")]
    public void Open_NodesThatRunAtOnce_GivesTheSameResult()
    {
        using GraphSession session = GraphSession.Open(TinyGraphs.Folder, TinyGraphs.Add, ExecutionTarget.Cpu with { Threads = 2, InterOpThreads = 2 });
        using HostTensor left = HostTensor.From<float>([1, 2, 3], 1, 3);

        using GraphOutputs outputs = session.Run(new Dictionary<string, GraphTensor> { ["left"] = left, ["right"] = left });

        Assert.Equal([2f, 4, 6], outputs["total"].AsSpan<float>().ToArray());
    }
}
