using System.Globalization;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>The options of the TensorRT provider with ONNX Runtime's names.</summary>
internal static class TensorRtMapping
{
    /// <summary>What decides how an engine comes out: all options but where things lie.</summary>
    public static Dictionary<string, string> OfEngine(ResolvedTarget target, ShapeProfile? shapes)
    {
        TensorRtOptions options = target.TensorRt;
        bool half = target.Precision != ComputePrecision.Fp32;
        Dictionary<string, string> values = new(StringComparer.Ordinal)
        {
            ["device_id"] = Number(target.DeviceId),
            ["trt_fp16_enable"] = CudaMapping.Flag(target.Precision == ComputePrecision.Fp16),
            ["trt_bf16_enable"] = CudaMapping.Flag(target.Precision == ComputePrecision.Bf16),
            ["trt_layer_norm_fp32_fallback"] = CudaMapping.Flag(half && options.LayerNormFp32),
            ["trt_min_subgraph_size"] = Number(options.MinSubgraphSize),
            ["trt_max_partition_iterations"] = Number(options.MaxPartitionIterations),
            ["trt_builder_optimization_level"] = Number(options.BuilderLevel),
            ["trt_auxiliary_streams"] = Number(options.AuxiliaryStreams),
            ["trt_context_memory_sharing_enable"] = CudaMapping.Flag(options.ShareContextMemory),
            ["trt_cuda_graph_enable"] = CudaMapping.Flag(options.CudaGraph),
            ["trt_engine_hw_compatible"] = CudaMapping.Flag(options.HardwareCompatible),
            ["trt_sparsity_enable"] = CudaMapping.Flag(options.Sparsity),
            ["trt_weight_stripped_engine_enable"] = CudaMapping.Flag(options.WeightStripped),
        };
        if (options.WorkspaceBytes is { } workspace)
        {
            values["trt_max_workspace_size"] = Number(workspace);
        }

        if (!options.ExcludedOperators.IsDefaultOrEmpty)
        {
            values["trt_op_types_to_exclude"] = string.Join(',', options.ExcludedOperators);
        }

        if (shapes is not null && shapes.Inputs.Any(input => input.Value.Any(axis => !axis.IsFixed)))
        {
            values["trt_profile_min_shapes"] = Describe(shapes, axis => axis.Min);
            values["trt_profile_opt_shapes"] = Describe(shapes, axis => axis.Opt);
            values["trt_profile_max_shapes"] = Describe(shapes, axis => axis.Max);
        }

        return values;
    }

    /// <param name="target">What to run on.</param>
    /// <param name="role">The graph's role, which its engines are named after.</param>
    /// <param name="graphFolder">The folder of the graph's file.</param>
    /// <param name="setup">Shapes and folder; null for neither.</param>
    /// <param name="stream">The stream to compute on, a cudaStream_t; 0 for one of the provider's own.</param>
    public static Dictionary<string, string> Of(ResolvedTarget target, string role, string graphFolder, EngineSetup? setup, nint stream)
    {
        TensorRtOptions options = target.TensorRt;
        Dictionary<string, string> values = OfEngine(target, setup?.Shapes);
        if (setup?.Folder is { } folder)
        {
            values["trt_engine_cache_enable"] = CudaMapping.Flag(options.EngineCache);
            values["trt_engine_cache_prefix"] = role;
            values["trt_timing_cache_enable"] = CudaMapping.Flag(options.TimingCache);
            values["trt_timing_cache_path"] = folder;
            values["trt_engine_cache_path"] = folder;
            if (options.Context != EngineContext.None)
            {
                // A context names its engine relative to itself: the provider refuses any other path.
                values["trt_dump_ep_context_model"] = CudaMapping.Flag(true);
                values["trt_ep_context_file_path"] = setup.ContextOf(role);
                values["trt_ep_context_embed_mode"] = CudaMapping.Flag(options.Context == EngineContext.Embedded);
                values["trt_engine_cache_path"] = "engines";
            }
        }

        if (options.WeightStripped)
        {
            values["trt_onnx_model_folder_path"] = graphFolder;
        }

        CudaMapping.AddStream(values, stream);
        return values;
    }

    /// <summary>Why options and shapes do not go together; null if they do.</summary>
    public static string? FindProblem(ResolvedTarget target, string role, ShapeProfile? shapes)
    {
        if (!target.TensorRt.CudaGraph || shapes is { IsStatic: true })
        {
            return null;
        }

        string free = shapes is null ? "not known" : string.Join(", ", shapes.Inputs.Where(input => input.Value.Any(axis => !axis.IsFixed)).Select(input => $"{input.Key} [{string.Join(", ", input.Value)}]"));
        return $"The shapes of graph '{role}' must be fixed for a CUDA graph of TensorRT, but are {free}. Give each axis one length in tensorrt.axes, or leave cuda_graph out.";
    }

    private static string Describe(ShapeProfile shapes, Func<AxisRange, long> pick) =>
        string.Join(',', shapes.Inputs.Select(input => $"{input.Key}:{string.Join('x', input.Value.Select(axis => Number(pick(axis))))}"));

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
