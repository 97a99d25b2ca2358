using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.Http;

/// <summary>The body of a request, read once: its parameters, its files, and its sum.</summary>
/// <param name="Fields">The parameters.</param>
/// <param name="Files">The files of a form; none for JSON.</param>
/// <param name="Sum">The sha256 of what was sent, the same for the same parameters and files.</param>
internal sealed record RequestBody(RequestFields Fields, IFormFileCollection Files, string Sum)
{
    private const int LargestGuess = 1 << 20;

    // A request is a handful of parameters: nobody nests deeper.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>Reads a JSON body.</summary>
    /// <exception cref="RequestProblemException">It is no JSON.</exception>
    public static async Task<RequestBody> ReadJsonAsync(HttpContext context, bool textNumbers)
    {
        using MemoryStream body = new((int)Math.Clamp(context.Request.ContentLength ?? 0, 0, LargestGuess));
        await RequireWholeAsync(context.Request.Body.CopyToAsync(body, context.RequestAborted)).ConfigureAwait(false);
        ReadOnlyMemory<byte> bytes = body.ToArray();
        return new RequestBody(RequestFields.Of(Parse(bytes), textNumbers), new FormFileCollection(), Convert.ToHexStringLower(SHA256.HashData(bytes.Span)));
    }

    /// <summary>Reads a JSON body or a form, as the client says.</summary>
    /// <exception cref="RequestProblemException">It is neither.</exception>
    public static async Task<RequestBody> ReadAsync(HttpContext context, ServerOptions options)
    {
        HttpRequest request = context.Request;
        if (request.HasJsonContentType())
        {
            return await ReadJsonAsync(context, textNumbers: true).ConfigureAwait(false);
        }

        if (!request.HasFormContentType)
        {
            throw new RequestProblemException(ProblemKind.UnsupportedMedia, $"The body must be multipart/form-data or application/json, but is '{request.ContentType}'.");
        }

        context.Features.Set<IFormFeature>(new FormFeature(request, new FormOptions
        {
            ValueCountLimit = RequestFields.MostFields,
            ValueLengthLimit = options.MaxBodyMib << 20,
            MultipartBodyLengthLimit = (long)options.MaxBodyMib << 20,
            MultipartHeadersCountLimit = 8,
            MultipartBoundaryLengthLimit = 256,
        }));
        Task<IFormCollection> reading = request.ReadFormAsync(context.RequestAborted);
        await RequireWholeAsync(reading).ConfigureAwait(false);
        IFormCollection form = await reading.ConfigureAwait(false);
        return new RequestBody(RequestFields.Of(form), form.Files, await SumAsync(form, context.RequestAborted).ConfigureAwait(false));
    }

    /// <summary>Notes files that nobody asked for.</summary>
    /// <param name="names">The fields that may hold files.</param>
    public void CheckFiles(params IReadOnlyList<string> names) => Fields.Problems.AddRange(Files.Where(file => !names.Contains(file.Name)).Select(
        other => new RequestProblem(ProblemKind.Unknown, $"Files must come as {string.Join(" or ", names)}, but one came as '{other.Name}'.", other.Name)));

    /// <summary>Reads a file of the form.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="options">How large it may be.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Its bytes; null where there is none.</returns>
    public async Task<ReadOnlyMemory<byte>?> ReadFileAsync(string name, ServerOptions options, CancellationToken cancellationToken)
    {
        if (Files.GetFile(name) is not { } file)
        {
            return null;
        }

        if (file.Length > (long)options.MaxImageMib << 20)
        {
            Fields.Problems.Add(new RequestProblem(ProblemKind.OversizedImage, $"{name} must be at most {options.MaxImageMib} MiB, but is larger.", name));
            return null;
        }

        using MemoryStream bytes = new((int)file.Length);
        await file.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes.ToArray();
    }

    /// <summary>Waits for the body. Not all that Kestrel and the readers of forms find wrong with it has a type of its own: sizes and trailers of chunks have not.</summary>
    /// <exception cref="RequestProblemException">It is cut off, or its chunks are no chunks.</exception>
    private static async Task RequireWholeAsync(Task reading)
    {
        try
        {
            await reading.ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or InvalidOperationException && error is not BadHttpRequestException && !JobFiles.IsDiskFull(error))
        {
            throw new RequestProblemException(ProblemKind.Invalid, $"The body must be whole and well framed, but is not: {error.Message}");
        }
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            JsonElement json = JsonDocument.Parse(bytes, Strict).RootElement; // not disposed: its elements live as long as the request
            if (!Utf8.IsValid(bytes.Span))
            {
                throw new JsonException("it is not UTF-8.");
            }

            if (bytes.Span.IndexOf("\\ud"u8) >= 0 || bytes.Span.IndexOf("\\uD"u8) >= 0)
            {
                ReadTexts(json);
            }

            return json;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new RequestProblemException(ProblemKind.Invalid, $"The body must be JSON, but is not: {error.Message}");
        }
    }

    /// <summary>Reads every text: half of a surrogate pair is found only so.</summary>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    private static void ReadTexts(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String:
                _ = json.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in json.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in json.EnumerateObject())
                {
                    _ = property.Name;
                    ReadTexts(property.Value);
                }

                break;
        }
    }

    private static async Task<string> SumAsync(IFormCollection form, CancellationToken cancellationToken)
    {
        using IncrementalHash sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        JsonObject fields = [.. form.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, (JsonNode?)field.Value.ToString()))];
        sum.AppendData(JsonSerializer.SerializeToUtf8Bytes(fields));
        foreach (IFormFile file in form.Files)
        {
            Stream stream = file.OpenReadStream();
            await using (stream.ConfigureAwait(false))
            {
                sum.AppendData(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
            }
        }

        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }
}
