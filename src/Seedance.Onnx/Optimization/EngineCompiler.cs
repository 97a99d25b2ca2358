using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Ort;

namespace Seedance.Onnx.Optimization;

/// <summary>Makes a graph's file stand for the engine that TensorRT builds of it. The engine is inside, so that a graph may be composed around it elsewhere.</summary>
/// <param name="target">What it is compiled for.</param>
/// <param name="build">Opens a graph's file on a target, which builds its engine and writes what stands for it.</param>
internal sealed class EngineCompiler(ResolvedTarget target, Action<string, string, ResolvedTarget, EngineSetup> build)
{
    /// <summary>Finds out whether there is anything to compile with.</summary>
    /// <param name="request">What is asked for.</param>
    /// <returns>Null where nothing is to be compiled.</returns>
    /// <exception cref="ExecutionTargetException">TensorRT cannot be had here.</exception>
    public static EngineCompiler? For(ModelOptimizationRequest request) => request.Compile ? new EngineCompiler(TargetOf(request).Resolve(), Build) : null;

    /// <summary>What TensorRT is asked for: no kept engines or times, which would lie beside the output, and half precision where the graph has it.</summary>
    public static ExecutionTarget TargetOf(ModelOptimizationRequest request) => request.CompileTarget with
    {
        Providers = [ExecutionProvider.TensorRt],
        Precision = request.CompileTarget.Precision ?? (request.Precision == GraphPrecision.Float16 ? ComputePrecision.Fp16 : ComputePrecision.Fp32),
        TensorRt = (request.CompileTarget.TensorRt ?? new TensorRtOptions()) with { Context = EngineContext.Embedded, EngineCache = true, TimingCache = false },
    };

    /// <summary>The lengths that were asked for, by the letters of a pack.</summary>
    public IReadOnlyDictionary<string, AxisRange> Axes => target.TensorRt.Axes;

    /// <summary>Compiles a graph.</summary>
    /// <param name="role">What the graph is called.</param>
    /// <param name="path">Its file; replaced by one that stands for the engine.</param>
    /// <param name="shapes">The shapes that the engine is for.</param>
    /// <param name="scratch">A folder for what is written on the way.</param>
    /// <exception cref="GraphExecutionException">TensorRT could not compile the graph as a whole.</exception>
    public void Compile(string role, string path, ShapeProfile shapes, string scratch)
    {
        string folder = Path.Combine(scratch, $"engine-{role}");
        _ = Directory.CreateDirectory(folder);
        EngineSetup setup = new(shapes, folder);
        build(path, role, target, setup);
        string context = setup.ContextOf(role);
        if (!File.Exists(context))
        {
            throw new GraphExecutionException(role, "TensorRT must compile it as a whole, but wrote no context of it: some of its operators are left to another provider. Do without compiling; the engines are then built when it is first opened.");
        }

        File.Delete(path);
        File.Delete(path + ".data");
        File.Move(context, path);
    }

    private static void Build(string path, string role, ResolvedTarget target, EngineSetup setup) => ModelSession.Open(path, role, target, setup).Dispose();
}
