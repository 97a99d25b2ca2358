using System.Collections.Immutable;
using System.Text.Json;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Execution;

/// <summary>Reads the "execution" of a pack or a host: types, ranges, contradictions, and no key that is not known.</summary>
internal static class ExecutionTargetReader
{
    private const int MostMiB = 1 << 24;

    /// <summary>Reads a target; when problems were added, what comes back is not to be used.</summary>
    /// <param name="parent">The object that may have it.</param>
    /// <param name="key">Its key.</param>
    /// <returns>The target; <see cref="ExecutionTarget.Unspecified"/> if the key is not there.</returns>
    public static ExecutionTarget Read(JsonFields parent, string key)
    {
        if (!parent.Has(key))
        {
            return ExecutionTarget.Unspecified;
        }

        JsonFields fields = parent.Fields(key);
        ExecutionTarget target = ReadOne(fields) with { Graphs = ReadGraphs(fields) };
        fields.Close();
        if (!parent.HasProblems)
        {
            foreach (string problem in target.FindProblems())
            {
                parent.ReportText(key, problem);
            }
        }

        return target;
    }

    /// <summary>A number of MiB, in bytes; null if the key is not there.</summary>
    public static long? ReadMiB(JsonFields fields, string key) => fields.Has(key) ? fields.Whole(key, 1, MostMiB) * (1L << 20) : null;

    private static ImmutableSortedDictionary<string, ExecutionTarget> ReadGraphs(JsonFields fields)
    {
        ImmutableSortedDictionary<string, ExecutionTarget>.Builder targets = ImmutableSortedDictionary.CreateBuilder<string, ExecutionTarget>(StringComparer.Ordinal);
        if (fields.Has("graphs"))
        {
            JsonFields graphs = fields.Fields("graphs");
            foreach (string role in graphs.AllKeys())
            {
                JsonFields graph = graphs.Fields(role);
                targets[role] = ReadOne(graph);
                graph.Close();
            }
        }

        return targets.ToImmutable();
    }

    private static ExecutionTarget ReadOne(JsonFields fields) => new()
    {
        Providers = ReadProviders(fields),
        DeviceId = fields.Has("device") ? fields.Whole("device", 0, 1023) : null,
        Precision = fields.Has("precision") ? fields.Choice("precision", Enum.GetValues<ComputePrecision>(), ComputePrecisionNames.ToName, ComputePrecision.Fp32) : null,
        Threads = fields.Has("threads") ? fields.Whole("threads", 1, ExecutionTarget.MaxThreads) : null,
        InterOpThreads = fields.Has("inter_op_threads") ? fields.Whole("inter_op_threads", 1, ExecutionTarget.MaxThreads) : null,
        Cuda = fields.Has("cuda") ? ReadCuda(fields.Fields("cuda")) : null,
        TensorRt = fields.Has("tensorrt") ? ReadTensorRt(fields.Fields("tensorrt")) : null,
    };

    /// <summary>"auto", one provider's name, or a list of them.</summary>
    private static IReadOnlyList<ExecutionProvider>? ReadProviders(JsonFields fields)
    {
        const string key = "providers";
        if (!fields.Has(key))
        {
            return null;
        }

        if (fields.IsText(key))
        {
            string name = fields.Text(key, $"one of {string.Join(", ", ExecutionTarget.Names)}", text => ExecutionTarget.TryParse(text, out _));
            return ExecutionTarget.TryParse(name, out ExecutionTarget target) ? target.Providers : null;
        }

        return fields.List<ExecutionProvider>(key, $"names among {string.Join(", ", ExecutionProviderNames.All)}", item =>
            item.ValueKind == JsonValueKind.String && ExecutionProviderNames.TryParse(item.GetString(), out ExecutionProvider provider) ? provider : null);
    }

    private static CudaOptions ReadCuda(JsonFields fields)
    {
        CudaOptions options = new();
        options = options with
        {
            MemoryLimitBytes = ReadMiB(fields, "memory_limit_mib"),
            ArenaGrowth = Choice(fields, "arena_growth", options.ArenaGrowth),
            ConvolutionSearch = Choice(fields, "convolution_search", options.ConvolutionSearch),
            ConvolutionMaxWorkspace = fields.Flag("convolution_max_workspace", options.ConvolutionMaxWorkspace),
            Tf32 = fields.Flag("tf32", options.Tf32),
            PreferNhwc = fields.Flag("prefer_nhwc", options.PreferNhwc),
            FuseConvolutionBias = fields.Flag("fuse_convolution_bias", options.FuseConvolutionBias),
            CudaGraph = fields.Flag("cuda_graph", options.CudaGraph),
            TuneKernels = fields.Flag("tune_kernels", options.TuneKernels),
        };
        fields.Close();
        return options;
    }

    private static TensorRtOptions ReadTensorRt(JsonFields fields)
    {
        TensorRtOptions options = new();
        options = options with
        {
            EngineCache = fields.Flag("engine_cache", options.EngineCache),
            TimingCache = fields.Flag("timing_cache", options.TimingCache),
            WorkspaceBytes = ReadMiB(fields, "workspace_mib"),
            LayerNormFp32 = fields.Flag("layer_norm_fp32", options.LayerNormFp32),
            MinSubgraphSize = fields.Whole("min_subgraph_size", 1, int.MaxValue, options.MinSubgraphSize),
            MaxPartitionIterations = fields.Whole("max_partition_iterations", 1, int.MaxValue, options.MaxPartitionIterations),
            BuilderLevel = fields.Whole("builder_level", 0, 5, options.BuilderLevel),
            AuxiliaryStreams = fields.Whole("auxiliary_streams", -1, 16, options.AuxiliaryStreams),
            ShareContextMemory = fields.Flag("share_context_memory", options.ShareContextMemory),
            CudaGraph = fields.Flag("cuda_graph", options.CudaGraph),
            HardwareCompatible = fields.Flag("hardware_compatible", options.HardwareCompatible),
            Sparsity = fields.Flag("sparsity", options.Sparsity),
            WeightStripped = fields.Flag("weight_stripped", options.WeightStripped),
            ExcludedOperators = fields.Has("excluded_operators") ? fields.Texts("excluded_operators", "names of operators", IsOperator) : [],
            Context = Choice(fields, "context", options.Context),
            Axes = fields.Has("axes") ? ReadAxes(fields.Fields("axes")) : options.Axes,
        };
        fields.Close();
        return options;
    }

    private static ImmutableSortedDictionary<string, AxisRange> ReadAxes(JsonFields fields)
    {
        ImmutableSortedDictionary<string, AxisRange>.Builder axes = ImmutableSortedDictionary.CreateBuilder<string, AxisRange>(StringComparer.Ordinal);
        foreach (string letter in fields.AllKeys())
        {
            if (fields.Value(letter, "a length above 0, or [min, opt, max]", ReadRange) is { } range)
            {
                axes[letter] = range;
            }
        }

        return axes.ToImmutable();
    }

    private static AxisRange? ReadRange(JsonElement item)
    {
        long[] lengths = item.ValueKind == JsonValueKind.Array ? [.. item.EnumerateArray().Select(Length)] : [Length(item)];
        AxisRange range = lengths switch
        {
            [var only] when item.ValueKind == JsonValueKind.Number => AxisRange.Fixed(only),
            [var min, var opt, var max] => new AxisRange(min, opt, max),
            _ => default,
        };
        return range.IsValid ? range : null;

        static long Length(JsonElement element) => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long length) ? length : 0;
    }

    private static T Choice<T>(JsonFields fields, string key, T ifMissing)
        where T : struct, Enum => fields.Choice(key, Enum.GetValues<T>(), value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()), ifMissing);

    private static bool IsOperator(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.');
}
