using System.Runtime.InteropServices;

namespace Seedance.Onnx.Graphs.Precision;

/// <summary>What converting one node alone does to the outputs.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="RelativeError">The root mean square of the difference over that of the outputs, for the worst sample.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NodeSensitivity(string Node, double RelativeError);
