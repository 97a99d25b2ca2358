using System.Collections.Immutable;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>What ONNX Runtime is told for CUDA and TensorRT. None of it has run on a card yet.</summary>
[Trait("Tier", "Unit")]
public sealed class NvidiaMappingTests
{
    /// <summary>Every option that the providers of ONNX Runtime 1.29 read, from the texts in their libraries.</summary>
    private static readonly string[] CudaKeys =
    [
        "device_id", "has_user_compute_stream", "user_compute_stream", "gpu_mem_limit", "arena_extend_strategy", "cudnn_conv_algo_search", "do_copy_in_default_stream", "cudnn_conv_use_max_workspace",
        "enable_cuda_graph", "tunable_op_enable", "tunable_op_tuning_enable", "tunable_op_max_tuning_duration_ms", "enable_skip_layer_norm_strict_mode", "prefer_nhwc", "use_ep_level_unified_stream",
        "use_tf32", "sdpa_kernel", "fuse_conv_bias",
    ];

    private static readonly string[] TensorRtKeys =
    [
        "device_id", "has_user_compute_stream", "user_compute_stream", "trt_max_partition_iterations", "trt_min_subgraph_size", "trt_max_workspace_size", "trt_fp16_enable", "trt_bf16_enable",
        "trt_int8_enable", "trt_dla_enable", "trt_dla_core", "trt_dump_subgraphs", "trt_engine_cache_enable", "trt_engine_cache_path", "trt_engine_cache_prefix", "trt_weight_stripped_engine_enable",
        "trt_onnx_model_folder_path", "trt_engine_decryption_enable", "trt_engine_decryption_lib_path", "trt_force_sequential_engine_build", "trt_context_memory_sharing_enable",
        "trt_layer_norm_fp32_fallback", "trt_timing_cache_enable", "trt_timing_cache_path", "trt_force_timing_cache", "trt_detailed_build_log", "trt_build_heuristics_enable", "trt_sparsity_enable",
        "trt_builder_optimization_level", "trt_auxiliary_streams", "trt_tactic_sources", "trt_extra_plugin_lib_paths", "trt_profile_min_shapes", "trt_profile_max_shapes", "trt_profile_opt_shapes",
        "trt_cuda_graph_enable", "trt_preview_features", "trt_dump_ep_context_model", "trt_ep_context_embed_mode", "trt_ep_context_file_path", "trt_engine_hw_compatible", "trt_op_types_to_exclude",
    ];

    private static readonly ShapeProfile Shapes = new(ImmutableSortedDictionary<string, ImmutableArray<AxisRange>>.Empty
        .Add("timestep", [new AxisRange(1, 2, 2)])
        .Add("hidden_states", [new AxisRange(1, 2, 2), AxisRange.Fixed(9), new AxisRange(1, 2, 5), AxisRange.Fixed(4), AxisRange.Fixed(6)]));

    [Fact]
    public void Cuda_IfNotSpecified_ComputesInFullPrecisionAndTakesNoMoreMemoryThanNeeded()
    {
        Dictionary<string, string> values = CudaMapping.Of(new CudaOptions(), deviceId: 3, stream: 0);

        Assert.Equal(("3", "0", "kSameAsRequested", "HEURISTIC", "0"), (values["device_id"], values["use_tf32"], values["arena_extend_strategy"], values["cudnn_conv_algo_search"], values["enable_cuda_graph"]));
        Assert.DoesNotContain("gpu_mem_limit", values.Keys);
        Assert.DoesNotContain("user_compute_stream", values.Keys);
    }

    [Fact]
    public void Cuda_EveryOptionSet_ReachesAKeyThatOnnxRuntimeKnows()
    {
        CudaOptions options = new()
        {
            MemoryLimitBytes = 1 << 30, ArenaGrowth = ArenaGrowth.NextPowerOfTwo, ConvolutionSearch = ConvolutionSearch.Exhaustive, ConvolutionMaxWorkspace = false, Tf32 = true, PreferNhwc = true,
            FuseConvolutionBias = true, CudaGraph = true, TuneKernels = true,
        };

        Dictionary<string, string> values = CudaMapping.Of(options, 0, stream: 4096), plain = CudaMapping.Of(new CudaOptions(), 0, stream: 0);

        Assert.Empty(values.Keys.Except(CudaKeys));
        Assert.Equal(["device_id", "do_copy_in_default_stream"], values.Where(value => plain.GetValueOrDefault(value.Key) == value.Value).Select(value => value.Key).Order());
        Assert.Equal(("1073741824", "kNextPowerOfTwo", "EXHAUSTIVE", "4096"), (values["gpu_mem_limit"], values["arena_extend_strategy"], values["cudnn_conv_algo_search"], values["user_compute_stream"]));
        Assert.Equal("DEFAULT", CudaMapping.Of(new CudaOptions { ConvolutionSearch = ConvolutionSearch.Default }, 0, 0)["cudnn_conv_algo_search"]);
    }

    [Fact]
    public void TensorRt_EveryOptionSet_ReachesAKeyThatOnnxRuntimeKnows()
    {
        TensorRtOptions options = new()
        {
            WorkspaceBytes = 1 << 30, MinSubgraphSize = 7, MaxPartitionIterations = 8, BuilderLevel = 5, AuxiliaryStreams = -1, ShareContextMemory = false, HardwareCompatible = true, Sparsity = true,
            WeightStripped = true, ExcludedOperators = ["GridSample", "Resize"], Context = EngineContext.External,
        };

        Dictionary<string, string> values = TensorRtMapping.Of(Target(options, ComputePrecision.Fp16), "transformer", "/pack/transformer", new EngineSetup(Shapes, "/cache/x"), stream: 9);

        Assert.Empty(values.Keys.Except(TensorRtKeys));
        Assert.Equal(("1", "0", "1"), (values["trt_fp16_enable"], values["trt_bf16_enable"], values["trt_layer_norm_fp32_fallback"]));
        Assert.Equal(("1073741824", "7", "8", "5", "-1", "0"), (values["trt_max_workspace_size"], values["trt_min_subgraph_size"], values["trt_max_partition_iterations"], values["trt_builder_optimization_level"], values["trt_auxiliary_streams"], values["trt_context_memory_sharing_enable"]));
        Assert.Equal(("1", "1", "GridSample,Resize", "/pack/transformer"), (values["trt_engine_hw_compatible"], values["trt_sparsity_enable"], values["trt_op_types_to_exclude"], values["trt_onnx_model_folder_path"]));
        Assert.Equal(("1", "transformer", "/cache/x", "engines"), (values["trt_engine_cache_enable"], values["trt_engine_cache_prefix"], values["trt_timing_cache_path"], values["trt_engine_cache_path"]));
        Assert.Equal(("1", "0", Path.Combine("/cache/x", "transformer_ctx.onnx"), "9"), (values["trt_dump_ep_context_model"], values["trt_ep_context_embed_mode"], values["trt_ep_context_file_path"], values["user_compute_stream"]));
    }

    [Fact]
    public void TensorRt_FreeAxes_ListsEveryInputWithItsLeastUsualAndMostLengths()
    {
        Dictionary<string, string> values = TensorRtMapping.Of(Target(new TensorRtOptions()), "transformer", "", new EngineSetup(Shapes, Folder: null), stream: 0);

        Assert.Equal("hidden_states:1x9x1x4x6,timestep:1", values["trt_profile_min_shapes"]);
        Assert.Equal("hidden_states:2x9x2x4x6,timestep:2", values["trt_profile_opt_shapes"]);
        Assert.Equal("hidden_states:2x9x5x4x6,timestep:2", values["trt_profile_max_shapes"]);
        Assert.DoesNotContain("trt_engine_cache_path", values.Keys);
    }

    [Fact]
    public void TensorRt_SinglePrecisionOrFixedAxes_SaysNothingOfThem()
    {
        ShapeProfile fixedShapes = new(ImmutableSortedDictionary<string, ImmutableArray<AxisRange>>.Empty.Add("x", [AxisRange.Fixed(2)]));

        Dictionary<string, string> values = TensorRtMapping.Of(Target(new TensorRtOptions()), "transformer", "", new EngineSetup(fixedShapes, Folder: null), stream: 0);

        Assert.Equal(("0", "0", "0"), (values["trt_fp16_enable"], values["trt_bf16_enable"], values["trt_layer_norm_fp32_fallback"]));
        Assert.DoesNotContain("trt_profile_min_shapes", values.Keys);
    }

    [Fact]
    public void FindProblem_CudaGraphWithFreeAxes_NamesThem()
    {
        ResolvedTarget recorded = Target(new TensorRtOptions { CudaGraph = true });
        ShapeProfile fixedShapes = new(ImmutableSortedDictionary<string, ImmutableArray<AxisRange>>.Empty.Add("x", [AxisRange.Fixed(2)]));

        Assert.Contains("timestep [[1, 2, 2]]", TensorRtMapping.FindProblem(recorded, "transformer", Shapes), StringComparison.Ordinal);
        Assert.Contains("not known", TensorRtMapping.FindProblem(recorded, "transformer", shapes: null), StringComparison.Ordinal);
        Assert.Null(TensorRtMapping.FindProblem(recorded, "transformer", fixedShapes));
        Assert.Null(TensorRtMapping.FindProblem(Target(new TensorRtOptions()), "transformer", Shapes));
        Assert.True(recorded.RecordsRuns);
    }

    [Fact]
    public void Open_CudaGraphWithFreeAxes_IsRefusedBeforeOnnxRuntimeIsAsked()
    {
        ExecutionTargetException error = Assert.Throws<ExecutionTargetException>(
            () => GraphSession.Open(TinyGraphs.Folder, TinyGraphs.Add, Target(new TensorRtOptions { CudaGraph = true }), new EngineSetup(Shapes, Folder: null)));

        Assert.Contains("must be fixed for a CUDA graph", error.Message, StringComparison.Ordinal);
    }

    internal static ResolvedTarget Target(TensorRtOptions options, ComputePrecision precision = ComputePrecision.Fp32) =>
        new(ExecutionProvider.TensorRt, new ExecutionTarget { Providers = [ExecutionProvider.TensorRt], Precision = precision, TensorRt = options }, []);
}
