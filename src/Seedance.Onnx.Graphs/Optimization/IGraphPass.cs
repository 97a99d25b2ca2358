namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>One kind of rewriting. A pass computes the same as before, and is run again until it finds nothing.</summary>
internal interface IGraphPass
{
    /// <summary>Its name in reports: "gelu".</summary>
    string Name { get; }

    /// <summary>Rewrites one graph; the caller goes through the graphs inside it, and removes what is no longer used.</summary>
    /// <returns>How many places were changed.</returns>
    int Run(GraphView graph);
}
