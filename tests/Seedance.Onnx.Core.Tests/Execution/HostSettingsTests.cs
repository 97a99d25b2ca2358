using Seedance.Onnx.Execution;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Execution;

[Trait("Tier", "Unit")]
public sealed class HostSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_EveryKey_IsTheSameAsFromCode()
    {
        HostSettings settings = Read("""
            {
              "$schema": "x", "memory_limit_mib": 3, "cache_folder": "engines",
              "execution": {
                "providers": ["tensorrt", "cuda"], "device": 1, "precision": "bf16", "threads": 2, "inter_op_threads": 3,
                "cuda": { "memory_limit_mib": 5, "arena_growth": "next_power_of_two", "convolution_search": "exhaustive", "convolution_max_workspace": false, "tf32": true, "prefer_nhwc": true,
                          "fuse_convolution_bias": true, "cuda_graph": true, "tune_kernels": true },
                "tensorrt": { "engine_cache": true, "timing_cache": false, "workspace_mib": 7, "layer_norm_fp32": false, "min_subgraph_size": 9, "max_partition_iterations": 10, "builder_level": 5,
                              "auxiliary_streams": -1, "share_context_memory": false, "cuda_graph": true, "hardware_compatible": true, "sparsity": true, "weight_stripped": true,
                              "excluded_operators": ["GridSample"], "context": "external", "axes": { "f": 5, "S": [1, 24, 96] } },
                "graphs": { "vae_decoder": { "providers": "cpu" } }
              }
            }
            """);

        Assert.Equal(3 << 20, settings.MemoryLimitBytes);
        Assert.Equal(_folder.PathOf("engines"), settings.CacheFolder);
        ExecutionTarget target = settings.Execution;
        Assert.Equal([ExecutionProvider.TensorRt, ExecutionProvider.Cuda], target.Providers);
        Assert.Equal((1, ComputePrecision.Bf16, 2, 3), (target.DeviceId, target.Precision, target.Threads, target.InterOpThreads));
        CudaOptions cuda = new()
        {
            MemoryLimitBytes = 5 << 20, ArenaGrowth = ArenaGrowth.NextPowerOfTwo, ConvolutionSearch = ConvolutionSearch.Exhaustive, ConvolutionMaxWorkspace = false, Tf32 = true,
            PreferNhwc = true, FuseConvolutionBias = true, CudaGraph = true, TuneKernels = true,
        };
        Assert.Equal(cuda, target.Cuda);
        TensorRtOptions read = target.TensorRt!;
        Assert.Equal((AxisRange.Fixed(5), new AxisRange(1, 24, 96)), (read.Axes["f"], read.Axes["S"]));
        Assert.Equal("GridSample", Assert.Single(read.ExcludedOperators));
        TensorRtOptions tensorRt = new()
        {
            TimingCache = false, WorkspaceBytes = 7 << 20, LayerNormFp32 = false, MinSubgraphSize = 9, MaxPartitionIterations = 10, BuilderLevel = 5, AuxiliaryStreams = -1,
            ShareContextMemory = false, CudaGraph = true, HardwareCompatible = true, Sparsity = true, WeightStripped = true, Context = EngineContext.External,
            ExcludedOperators = read.ExcludedOperators, Axes = read.Axes,
        };
        Assert.Equal(tensorRt, read);
        Assert.Equal([ExecutionProvider.Cpu], target.ForGraph("vae_decoder").Chain);
    }

    [Fact]
    public void Read_EmptyObject_SaysNothing() => Assert.Equal(HostSettings.None, Read("{}"));

    [Fact]
    public void Read_ManyMistakes_TellsAllAtOnceWithTheirPaths()
    {
        HostSettingsException error = Assert.Throws<HostSettingsException>(() => Read("""
            { "memory": 1, "memory_limit_mib": 0,
              "execution": { "providers": ["gpu"], "device": -1, "precision": "int8", "threads": 0, "cuda": { "tf32": 1, "stream": 1 }, "tensorrt": { "axes": { "f": [3, 2, 1] } },
                             "graphs": { "transformer": { "provider": "cpu" } } } }
            """));

        string[] expected =
        [
            "$.execution.providers[0] must be names among cpu, webgpu, cuda, tensorrt, but is \"gpu\".", "$.execution.device must be a whole number from 0", "$.execution.precision must be one of fp32, fp16, bf16",
            "$.execution.threads must be a whole number from 1 to 1024, but is 0.", "$.execution.cuda.tf32 must be true or false", "$.execution.cuda.stream must be a known key",
            "$.execution.tensorrt.axes.f must be a length above 0, or [min, opt, max], but is [3, 2, 1].", "$.execution.graphs.transformer.provider must be a known key", "$.memory_limit_mib must be a whole number",
            "$.memory must be a known key",
        ];
        Assert.Equal(expected.Length, error.Problems.Count);
        Assert.All(expected.Zip(error.Problems), pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"gpu\"", "$.execution.providers must be one of auto, cpu, webgpu, cuda, tensorrt, but is \"gpu\".")]
    [InlineData("[\"cpu\", \"cuda\"]", "$.execution: The provider cpu must be the last one")]
    [InlineData("[]", "$.execution.providers must be a list")]
    public void Read_ProvidersThatAreNone_SaysWhichThereAre(string providers, string problem)
    {
        HostSettingsException error = Assert.Throws<HostSettingsException>(() => Read($$"""{ "execution": { "providers": {{providers}} } }"""));

        Assert.StartsWith(problem, Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    [Theory, InlineData("{", "must be JSON"), InlineData("{ \"memory_limit_mib\": 1, \"memory_limit_mib\": 2 }", "must be JSON"), InlineData("[]", "$ must be an object")]
    public void Read_NotAnObject_IsRefused(string json, string problem) =>
        Assert.Contains(problem, Assert.Throws<HostSettingsException>(() => Read(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_NoFile_SaysSo() =>
        Assert.Contains("must be readable", Assert.Throws<HostSettingsException>(() => HostSettings.Read(_folder.PathOf("none.json"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Open_PackWithExecution_HasIt()
    {
        using Packs.PackFolderFixture pack = new();

        ExecutionTarget target = ModelPack.Open(pack.Path).Contract.Execution;

        Assert.Equal((1, ComputePrecision.Fp16, ComputePrecision.Fp32), (target.DeviceId, target.Precision, target.ForGraph(GraphRoles.VaeDecoder).Precision));
    }

    private HostSettings Read(string json)
    {
        string path = _folder.PathOf("host.json");
        File.WriteAllText(path, json);
        return HostSettings.Read(path);
    }
}
