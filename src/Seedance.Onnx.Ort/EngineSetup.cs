using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>What TensorRT must know to build the engines of a graph, beside its options.</summary>
/// <param name="Shapes">The shapes that they are built for.</param>
/// <param name="Folder">Where they are kept, reserved for this process; null for nowhere.</param>
public sealed record EngineSetup(ShapeProfile Shapes, string? Folder)
{
    /// <summary>The file that stands for the engine of a graph, where <see cref="TensorRtOptions.Context"/> wants one.</summary>
    /// <param name="role">The graph's role.</param>
    /// <returns>The full path.</returns>
    /// <exception cref="InvalidOperationException">Nothing is kept.</exception>
    public string ContextOf(string role) => Folder is { } folder
        ? Path.Combine(folder, $"{role}_ctx.onnx")
        : throw new InvalidOperationException($"The engine of graph '{role}' must be kept in a folder to have a context, but is not.");
}
