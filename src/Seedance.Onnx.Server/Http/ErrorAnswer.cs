using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Seedance.Onnx.Server.Http;

/// <summary>How both APIs say what is wrong.</summary>
/// <param name="Error">What is wrong.</param>
internal sealed record ErrorAnswer(ErrorAnswer.Problem Error)
{
    /// <summary>What is wrong. The envelope has room for one parameter only, and its words are each API's own; <paramref name="Details"/> has them all.</summary>
    internal sealed record Problem(
        [property: Description("Everything that is wrong, in sentences, and the id of the request, which the server's log names too.")] string Message,
        string Type,
        [property: JsonPropertyName("param"), Description("The first parameter that is wrong.")] string? Parameter,
        string? Code,
        [property: Description("Each thing that is wrong by itself.")] IReadOnlyList<Detail> Details);

    /// <summary>One of the things that are wrong.</summary>
    internal sealed record Detail([property: JsonPropertyName("param")] string? Parameter, string Message);
}
