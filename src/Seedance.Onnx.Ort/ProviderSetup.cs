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

    /// <summary>ONNX Runtime's name of a provider's memory.</summary>
    public static string MemoryName(ExecutionProvider provider) => provider switch
    {
        ExecutionProvider.WebGpu => "WebGPU_Buf",
        ExecutionProvider.Cuda or ExecutionProvider.TensorRt => "Cuda",
        _ => "Cpu",
    };

    /// <summary>Adds a target's providers to a session's options.</summary>
    /// <param name="options">The session's options.</param>
    /// <param name="target">What the session runs on.</param>
    /// <param name="role">The graph's role.</param>
    /// <param name="graphFolder">The folder of the graph's file.</param>
    /// <param name="engine">What TensorRT must know of the graph; null for nothing.</param>
    /// <exception cref="ExecutionTargetException">The target's options do not go with the graph.</exception>
    /// <exception cref="OnnxRuntimeException">A provider cannot be had.</exception>
    public static void Append(SessionOptions options, ResolvedTarget target, string role = "", string graphFolder = "", EngineSetup? engine = null)
    {
        IReadOnlyList<ExecutionProvider> chain = Chain(target.Provider);
        bool tensorRtLeads = chain.Contains(ExecutionProvider.TensorRt);
        if (tensorRtLeads && TensorRtMapping.FindProblem(target, role, engine?.Shapes) is { } problem)
        {
            throw new ExecutionTargetException(problem);
        }

        nint stream = tensorRtLeads ? ComputeStream.Of(target.DeviceId) : 0;
        foreach (ExecutionProvider link in chain)
        {
            switch (link)
            {
                case ExecutionProvider.Cuda:
                    using (OrtCUDAProviderOptions cuda = new())
                    {
                        // What TensorRT records, CUDA must not record again.
                        cuda.UpdateOptions(CudaMapping.Of(target.Cuda with { CudaGraph = target.Cuda.CudaGraph && !tensorRtLeads }, target.DeviceId, stream));
                        options.AppendExecutionProvider_CUDA(cuda);
                    }

                    break;
                case ExecutionProvider.TensorRt:
                    using (OrtTensorRTProviderOptions tensorRt = new())
                    {
                        tensorRt.UpdateOptions(TensorRtMapping.Of(target, role, graphFolder, engine, stream));
                        options.AppendExecutionProvider_Tensorrt(tensorRt);
                    }

                    break;
                default:
                    options.AppendExecutionProvider("WebGPU", []);
                    break;
            }
        }
    }

    /// <summary>Where a target's sessions have their tensors; null for the processor's memory. The caller disposes it.</summary>
    public static OrtMemoryInfo? DeviceMemory(ResolvedTarget target) => target.Provider == ExecutionProvider.Cpu
        ? null
        : new OrtMemoryInfo(MemoryName(target.Provider), OrtAllocatorType.DeviceAllocator, target.DeviceId, OrtMemType.Default);
}
