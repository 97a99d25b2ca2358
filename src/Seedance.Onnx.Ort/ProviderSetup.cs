using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>Tells ONNX Runtime what a session runs on.</summary>
internal static class ProviderSetup
{
    /// <summary>The providers that a session gets, in order: TensorRT leaves to CUDA what it cannot compile. The CPU is always behind them.</summary>
    public static IReadOnlyList<ExecutionProvider> Chain(ExecutionProvider provider) => provider switch
    {
        ExecutionProvider.Cpu => [],
        ExecutionProvider.TensorRt => [ExecutionProvider.TensorRt, ExecutionProvider.Cuda],
        _ => [provider],
    };

    /// <summary>The options of one provider of the chain, with ONNX Runtime's names.</summary>
    public static Dictionary<string, string> Options(ExecutionProvider provider, int deviceId) => provider switch
    {
        ExecutionProvider.Cuda or ExecutionProvider.TensorRt => new(StringComparer.Ordinal) { ["device_id"] = deviceId.ToString(CultureInfo.InvariantCulture) },
        _ => new(StringComparer.Ordinal),
    };

    /// <summary>ONNX Runtime's name of a provider's memory.</summary>
    public static string MemoryName(ExecutionProvider provider) => provider switch
    {
        ExecutionProvider.WebGpu => "WebGPU_Buf",
        ExecutionProvider.Cuda or ExecutionProvider.TensorRt => "Cuda",
        _ => "Cpu",
    };

    /// <summary>Adds a provider to a session's options.</summary>
    /// <exception cref="OnnxRuntimeException">It cannot be had.</exception>
    public static void Append(SessionOptions options, ResolvedTarget target)
    {
        foreach (ExecutionProvider link in Chain(target.Provider))
        {
            Dictionary<string, string> values = Options(link, target.DeviceId);
            switch (link)
            {
                case ExecutionProvider.Cuda:
                    using (OrtCUDAProviderOptions cuda = new())
                    {
                        cuda.UpdateOptions(values);
                        options.AppendExecutionProvider_CUDA(cuda);
                    }

                    break;
                case ExecutionProvider.TensorRt:
                    using (OrtTensorRTProviderOptions tensorRt = new())
                    {
                        tensorRt.UpdateOptions(values);
                        options.AppendExecutionProvider_Tensorrt(tensorRt);
                    }

                    break;
                default:
                    options.AppendExecutionProvider("WebGPU", values);
                    break;
            }
        }
    }

    /// <summary>Where a target's sessions have their tensors; null for the processor's memory. The caller disposes it.</summary>
    public static OrtMemoryInfo? DeviceMemory(ResolvedTarget target) => target.Provider == ExecutionProvider.Cpu
        ? null
        : new OrtMemoryInfo(MemoryName(target.Provider), OrtAllocatorType.DeviceAllocator, target.DeviceId, OrtMemType.Default);
}
