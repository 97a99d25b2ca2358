using Seedance.Onnx.Execution;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx;

/// <summary>What a graph of the pack runs on.</summary>
/// <param name="Role">The graph's role, such as "transformer".</param>
/// <param name="Provider">What computes its nodes. Nodes that the provider has no kernel for run on the CPU.</param>
/// <param name="Precision">The type of the numbers that go in and out; <see cref="ElementType.Float32"/> for a graph that has none, such as a tokenizer.</param>
public sealed record GraphReport(string Role, ExecutionProvider Provider, ElementType Precision)
{
    internal static GraphReport Of(GraphSession session) => new(
        session.Contract.Role,
        session.Target.Provider,
        session.Contract.Inputs.Concat(session.Contract.Outputs).Select(tensor => tensor.ElementType).FirstOrDefault(type => type.IsFloat()));
}
