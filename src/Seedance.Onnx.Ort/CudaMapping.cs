using System.Globalization;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>The options of the CUDA provider with ONNX Runtime's names.</summary>
internal static class CudaMapping
{
    /// <param name="options">The options.</param>
    /// <param name="deviceId">The card.</param>
    /// <param name="stream">The stream to compute on, a cudaStream_t; 0 for one of the provider's own.</param>
    public static Dictionary<string, string> Of(CudaOptions options, int deviceId, nint stream)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal)
        {
            ["device_id"] = deviceId.ToString(CultureInfo.InvariantCulture),
            ["arena_extend_strategy"] = options.ArenaGrowth == ArenaGrowth.SameAsRequested ? "kSameAsRequested" : "kNextPowerOfTwo",
            ["cudnn_conv_algo_search"] = options.ConvolutionSearch.ToString().ToUpperInvariant(),
            ["cudnn_conv_use_max_workspace"] = Flag(options.ConvolutionMaxWorkspace),
            ["do_copy_in_default_stream"] = Flag(true),
            ["use_tf32"] = Flag(options.Tf32),
            ["prefer_nhwc"] = Flag(options.PreferNhwc),
            ["fuse_conv_bias"] = Flag(options.FuseConvolutionBias),
            ["enable_cuda_graph"] = Flag(options.CudaGraph),
            ["tunable_op_enable"] = Flag(options.TuneKernels),
            ["tunable_op_tuning_enable"] = Flag(options.TuneKernels),
        };
        if (options.MemoryLimitBytes is { } limit)
        {
            values["gpu_mem_limit"] = limit.ToString(CultureInfo.InvariantCulture);
        }

        AddStream(values, stream);
        return values;
    }

    /// <summary>Writes a truth value as ONNX Runtime reads it.</summary>
    public static string Flag(bool value) => value ? "1" : "0";

    /// <summary>Adds a stream, a pointer written as a number; it implies has_user_compute_stream.</summary>
    public static void AddStream(Dictionary<string, string> values, nint stream)
    {
        if (stream != 0)
        {
            values["user_compute_stream"] = stream.ToString(CultureInfo.InvariantCulture);
        }
    }
}
